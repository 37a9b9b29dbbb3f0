"""The server: predictions over HTTP, live ones over a WebSocket, and the studio's page."""
