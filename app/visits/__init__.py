"""Visitors without browsers: they speak the socket of a Streamlit server, as many at once as a class has."""
