"""What is read from the warehouse, with the rights of role ``service``; nothing else reads it."""
