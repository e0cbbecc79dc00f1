"""Where the database is and how to reach it: settings, roles, connection strings, errors.

Pure: nothing here starts a server or prepares a database, so the packaged service ships it whole.
"""
