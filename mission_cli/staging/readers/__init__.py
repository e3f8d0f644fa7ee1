"""An export file of any kind → portions of text cells, every record with the line it begins on. Memory stays bounded."""
