"""Small pictures of kept ones. What was archived is hostile: it is decoded in a process that can harm nothing but itself."""
