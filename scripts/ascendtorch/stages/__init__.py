"""fetch -> patch -> overlay -> codegen -> build -> wheel, each from the result before it."""
