"""Does a custom domain lead to its portal? Asked of name servers, judged by pure rules."""
