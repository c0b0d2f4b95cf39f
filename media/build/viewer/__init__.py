"""What a browser shows of a disc, from file:// and without a network: pictures, real values, reports, a check page.

Everything is made of the instances when the disc is built. `picture`, `describe`, `reports`, `waveforms` and `bundle`
run in a limited child process, one bundle an instance; `site` puts the bundles of a volume together.
"""
