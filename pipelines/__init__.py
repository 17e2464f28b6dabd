"""Text in, analysis out: pure code that knows no queue, no SQL and no HTTP."""
