"""The steps of ``regexp-train``, one file each: :mod:`regexp.train` takes them in turn, :func:`regexp.run` some of them.

``rehearsal`` tries whether the runs can begin, ``folders`` claims where they write. Then ``job`` trains one run inside Hydra,
``multirun`` many as stacks, and ``resuming`` goes on with one that was cut. ``conclusion`` says what a sweep shows.
``startup`` keeps the imports short, and ``asked_files`` speaks where Hydra's own files find no room on the disk.
"""
