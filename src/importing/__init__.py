"""Reading data sets from files: a format is one reader, and ``load`` stores what any of them reads."""
