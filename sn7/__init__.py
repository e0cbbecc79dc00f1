"""The one console command: ``sn7 COMMAND`` leads to the command lines of all folders."""
