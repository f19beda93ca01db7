"""Chats that tools of observability recorded, a module a tool."""
