"""The web service: an API for programs, and a page to practise on."""
