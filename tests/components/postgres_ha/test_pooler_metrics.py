"""What a pooler's exporter makes of what PgBouncer says."""

from components.postgres_ha.files.pooler_metrics import page, tables

SAID = """key\tvalue
active\tyes
paused\tno
suspended\tno
(3 rows)
name\thost\tmax_connections\tcurrent_connections
app\tmain-rw\t20\t7
pgbouncer\t\t0\t0
(2 rows)
database\tuser\tcl_active\tcl_waiting\tsv_active\tsv_idle\tsv_login\tmaxwait\tmaxwait_us
app\tapp\t9\t4\t5\t1\t1\t2\t250000
pgbouncer\tpgbouncer\t1\t0\t0\t0\t0\t0\t0
(2 rows)
database\ttotal_xact_count\ttotal_query_count\ttotal_wait_time
app\t100\t300\t5000
pgbouncer\t7\t7\t0
(2 rows)
list\titems
used_clients\t15
(1 row)
key\tvalue\tdefault\tchangeable
max_client_conn\t1004\t100\tyes
server_reset_query\tDISCARD ALL\tDISCARD ALL\tyes
(2 rows)
"""


def test_the_figures_of_a_replica() -> None:
    """Not those of the console, which is a database, too."""
    assert page({"10.0.0.2": SAID}).splitlines() == [
        "ha_pooler_replicas 1",
        'ha_pooler_paused{replica="10.0.0.2"} 0',
        'ha_pooler_clients{replica="10.0.0.2"} 15',
        'ha_pooler_clients_most{replica="10.0.0.2"} 1004',
        'ha_pooler_servers{replica="10.0.0.2",database="app"} 7',
        'ha_pooler_servers_most{replica="10.0.0.2",database="app"} 20',
        'ha_pooler_clients_active{replica="10.0.0.2",database="app",user="app"} 9',
        'ha_pooler_clients_waiting{replica="10.0.0.2",database="app",user="app"} 4',
        'ha_pooler_servers_active{replica="10.0.0.2",database="app",user="app"} 5',
        'ha_pooler_servers_idle{replica="10.0.0.2",database="app",user="app"} 1',
        'ha_pooler_servers_connecting{replica="10.0.0.2",database="app",user="app"} 1',
        'ha_pooler_longest_wait_seconds{replica="10.0.0.2",database="app",user="app"} 2.25',
        'ha_pooler_transactions_total{replica="10.0.0.2",database="app"} 100',
        'ha_pooler_queries_total{replica="10.0.0.2",database="app"} 300',
        'ha_pooler_wait_microseconds_total{replica="10.0.0.2",database="app"} 5000',
    ]


def test_a_pause_is_seen() -> None:
    assert 'ha_pooler_paused{replica="10.0.0.2"} 1' in page({"10.0.0.2": SAID.replace("paused\tno", "paused\tyes")})


def test_nobody_answers() -> None:
    assert page({}) == "ha_pooler_replicas 0\n"


def test_an_empty_table_is_one() -> None:
    assert tables("a\tb\n(0 rows)\nc\n1\n(1 row)\n") == [[], [{"c": "1"}]]
