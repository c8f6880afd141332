"""What the integration tests share: a miniature upstream, workspaces on it, and how to run them."""
