"""Behind `./k5 fuzz`: targets, and the two machines that drive them."""
