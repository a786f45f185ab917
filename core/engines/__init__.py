"""The programs that calculate, each behind one small interface."""
