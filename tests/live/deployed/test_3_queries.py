"""Queries on the primary: workers that share more memory than a runtime's own /dev/shm has (64 MiB); vectors; roles."""

import re

import pytest

from drills.site import Site
from drills.waiting import wait_for

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
RUNTIME_KB = 64 * 1024
QUERY = """
CREATE UNLOGGED TABLE wide AS SELECT n AS id, repeat('x', 60) AS filler FROM generate_series(1, 900000) n;
ANALYZE wide;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SET work_mem = '64MB';
EXPLAIN (ANALYZE, COSTS OFF) SELECT count(*), max(length(a.filler || b.filler)) FROM wide a JOIN wide b USING (id);
"""
VECTORS = """
SET ROLE app;
BEGIN;
CREATE TABLE points AS SELECT n AS id, ARRAY[n, n % 7, 1]::vector(3) AS place FROM generate_series(1, 500) n;
CREATE INDEX near ON points USING hnsw (place vector_l2_ops);
SET LOCAL enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM points ORDER BY place <-> '[70,0,1]' LIMIT 1;
SELECT id FROM points ORDER BY place <-> '[70,0,1]' LIMIT 1;
ROLLBACK;
"""

READER = """
BEGIN;
SET LOCAL ROLE app;
CREATE TABLE words AS SELECT 'seen' AS word;
SET LOCAL ROLE reader;
SELECT word, has_table_privilege('words', 'INSERT') FROM words;
ROLLBACK;
"""


def test_a_parallel_hash_join_has_room(site: Site) -> None:
    primary = wait_for("a primary leads", lambda: _primary(site), seconds=60)
    psql = "psql -XAtq -h /tmp -U postgres -d postgres"
    try:
        text = site.run_in(primary, ["sh", "-c", f"{psql} -v ON_ERROR_STOP=1 <<'SQL' 2>&1\n{QUERY}SQL"])
    finally:
        site.run_in(primary, ["sh", "-c", f"{psql} -c 'DROP TABLE IF EXISTS wide'"])
    assert "Parallel Hash Join" in text, text
    used = re.search(r"Batches: (\d+).*Memory Usage: (\d+)kB", text)
    assert used, text
    print(f"parallel hash join: {used[0]}")
    assert int(used[2]) > RUNTIME_KB, text


@pytest.mark.once
def test_vectors_are_searched_by_an_index(site: Site) -> None:
    """In the application's database, as its owner: the extension is there, and is not the owner's business."""
    primary = wait_for("a primary leads", lambda: _primary(site), seconds=60)
    psql = "psql -XAtq -h /tmp -U postgres -d app -v ON_ERROR_STOP=1"
    text = site.run_in(primary, ["sh", "-c", f"{psql} <<'SQL' 2>&1\n{VECTORS}SQL"])
    assert "Index Scan using near on points" in text, text
    assert text.strip().splitlines()[-1] == "70", text


@pytest.mark.once
def test_a_role_reads_what_the_owner_makes_and_no_more(site: Site) -> None:
    """`roles` of the stack, which the job of the settings keeps."""
    primary = wait_for("a primary leads", lambda: _primary(site), seconds=60)
    psql = "psql -XAtq -h /tmp -U postgres -d app -v ON_ERROR_STOP=1"
    text = site.run_in(primary, ["sh", "-c", f"{psql} <<'SQL' 2>&1\n{READER}SQL"])
    assert text.strip() == "seen|f", text


def _primary(site: Site) -> str:
    members = [site.member("main-pg", ordinal) for ordinal in range(3)]
    ask = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:8008/primary"]
    return next((member for member in members if site.run_in(member, ask).strip() == "200"), "")
