"""What `./k5 test` runs: parts that yield cases."""
