"""Views of a Trace and a Draft for people: text for a terminal. Pure functions from values to text."""
