"""The search index over the passages of all policies; the only package that knows Chroma.

Derived data: the corpus is the truth, the index is brought up to date whenever it is missing, out of date or
in doubt.

    home/index/CURRENT           the version in use, replaced atomically; WORDS: the one without vectors
    home/index/versions/         which segments a version is made of
    home/index/segments/<seal>/  the passages of some policies: keys, vectors, postings; never written again
    home/index/graphs/<seal>/    Chroma's files for one segment; never written again, never opened
    home/index/vectors/<model>/  vectors by content, so that nothing is embedded twice
    home/index/serving/<random>/ private copies of Chroma's files, one for each open graph
    home/index/lock              held by the one writer

Why it is built like this:

- **Segments.** A policy that changed is written into a small new segment; its old rows stay where they are
  and no longer count. A new segment takes in the small ones before it, so their number grows with the
  logarithm of what was added, and what one change costs does not grow with the index.
- **Version.** The version is a hash of the digests of all policies, the embedding model, Chroma's version,
  the tokenizer and the layout here. What could change an answer changes the name; a wrong version is never
  opened. The order of results is that of the corpus: it does not show how the segments came about.
- **Seal.** Damaged HNSW files can end in a SIGSEGV, or in a right ``count()`` over vectors that are gone, so
  Chroma must never open a byte that was not checked. A folder is named by the SHA-256 of its manifest, the
  manifest holds that of each file, the version file names the folders, and the pointer that file.
- **Private copy.** Chroma writes when it opens (a row of ``acquire_write`` in its SQLite file), cannot open a
  folder that is read-only, and must not be opened by two processes at once. A checksum over files that change
  in use proves nothing. So each process opens a copy, hashed while it is copied; of large HNSW files, which
  Chroma only reads, a link, hashed just before they are read into memory. Readers never wait for a writer, a
  new version disturbs none of them, and an old one can be removed.
- **Vectors beside Chroma.** Chroma proposes candidates, ``vectors.npy`` scores them. The order and the scores
  are then the same with and without Chroma, embedded or on a server, and where it cannot be used the same
  vectors are compared exactly, and ``exact_because`` says so.
- **A server.** Where one machine is outgrown the same segments are collections of a Chroma server, under the
  segment's name. The rest stays here. A server that is away costs time, never an answer.
- **Building.** Under a file lock, in a folder aside; then sealed, opened the way readers open it, verified
  (the count, and a sample of vectors must find themselves), and only then named by the pointer. A kill at any
  moment leaves the old version and sealed folders that the next writer goes on from.

Everything is linear in the number of passages, save Chroma's own graph.
"""

from policy_qa.index.keeping import (
    WAIT_SECONDS,
    Progress,
    build,
    ensure,
    in_memory,
    index_version,
    open_index,
)
from policy_qa.index.searching import Index, Place
from policy_qa.index.shelf import Shelf

__all__ = [
    "WAIT_SECONDS",
    "Index",
    "Place",
    "Progress",
    "Shelf",
    "build",
    "ensure",
    "in_memory",
    "index_version",
    "open_index",
]
