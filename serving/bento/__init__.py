"""The champion and ``serving.api``, packaged as a bento."""
