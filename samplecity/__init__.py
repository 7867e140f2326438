"""The pretend city: accounts served over HTTP in the platforms' real shapes, with a scripted history and its truth.

Start with `City.build()` (`samplecity.city`), `serve()` (`samplecity.running`) and `City.truth_after()`.
"""
