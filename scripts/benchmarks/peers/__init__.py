"""What a user would run instead, one peer per file, each as its documentation recommends."""
