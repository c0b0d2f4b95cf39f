"""The attack bench: a real service is attacked while a modality prints every two seconds and must notice nothing.

`target` is the service and its modality, `mutate` makes hostile bytes out of good ones, `corpus` has the good ones.
Short forms run with the tests; `make fuzz` runs the long ones and the coverage-guided fuzzer (`guided`).
"""
