"""Qt parts that any panel or page may use. Import the modules by name: nothing is loaded before somebody needs it."""
