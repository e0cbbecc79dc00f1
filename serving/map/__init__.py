"""The map: one page of plain modules and MapLibre, served as files; nothing from another host."""
