"""The pages and the REST interface.

matrix (TABLE: who may call which route), errors (TABLE: kinds of errors to answers), callers (who calls), pictures,
live (what changed), api/ (REST), pages/ (HTML), templates/, static/, locale/.
"""
