"""What do people see? Pages drawn by the server, readable without JavaScript, live with it."""
