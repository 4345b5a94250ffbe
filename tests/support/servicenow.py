"""A ServiceNow instance as its Table API behaves, faults and all. Facts, not wishes: limits before access rules,
unknown fields that vanish, second-grained times, a truncated answer with status 200."""
import base64
import datetime as dt
import time
import urllib.parse
import zlib
from email.utils import formatdate

from nasty_http import NastyServer

UTC = dt.timezone.utc


def stamp(seconds):
    return dt.datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def moved(text, seconds):
    try:
        return stamp(dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp() + seconds) if seconds else text
    except ValueError:
        return text


class ServiceNow(NastyServer):
    def __init__(self, clock=time.time):
        self.tables = {}          # name -> {sys_id: row}
        self.references = {}      # (table, field) -> table
        self.denied_counts, self.is_version_1 = set(), False  # an instance that counts after its rules; one whose empty lists are 404
        self.unreadable_tables, self.hidden_ids, self.hidden_fields = set(), set(), set()
        self.late = []            # (visible from, table, row)
        self.strip_ranges = False
        self.unordered = set()     # tables: in the order of their ids' digests, whatever is asked for
        self.index_lag = None      # (until, rows): queries see these versions until then, by sys_id
        self.denied_ranges = set()  # (table, field): it may be read, and not compared
        self.stripped = set()      # (table, field): conditions on it are dropped
        self.hidden_cells = set()  # (sys_id, field): a rule of one row
        self.empties_unknown = False  # glide.invalid_query.returns_no_rows: no row where a query names an unknown field
        self.denied_fields = set()  # (table, field): 403 to a query that names it
        self.denies_queries = False  # 403 to a query that names a field which is hidden
        self.query_zone_s = 0      # times in queries are read so many seconds east of UTC; they are UTC in a sound instance
        self.shown_zone_s = 0      # of the account: what is not asked for as stored values is shown in it
        self.says_login, self.account = True, "reader"  # X-Is-Logged-In; who the account is in sys_user
        self.sends_total, self.denies_stats = True, False  # X-Total-Count, which a proxy may strip; 403 to whoever asks for counts
        self.sends_date, self.omits_walks = True, False  # an answer without Date; walks through an empty reference left out
        self.cancel_above = None  # rows: more than that and the transaction is cancelled
        self.cancel_status, self.cancel_wait_s = 200, None  # and asks for quiet
        self.most_rows = None     # of an answer, whatever it is asked for
        self.is_anonymous = False  # the session is lost: 200, and lists without a row; "counts": and counts of none
        self.user, self.password = "reader", "secret"
        self.tokens, self.token_seconds, self.token_requests = {}, 1800, []
        self.clock = clock
        self.on_request = None    # called before each answer: updates while paging
        super().__init__()

    # What a test does to the instance
    def put(self, table, row):
        with self.lock:
            rows = self.tables.setdefault(table, {})
            rows[row["sys_id"]] = {**rows.get(row["sys_id"], {}), **row}

    def delete(self, table, sys_id, audited=True):
        with self.lock:
            del self.tables[table][sys_id]
            if audited:
                self.put("sys_audit_delete", {"sys_id": f"d{len(self.tables.get('sys_audit_delete', {})):08d}", "tablename": table,
                                              "documentkey": sys_id, "sys_created_on": stamp(self.clock()), "sys_updated_on": stamp(self.clock())})

    def visible(self, table):
        return {i: r for i, r in self.tables[table].items() if i not in self.hidden_ids}

    # What the client meets
    def answer(self, method, path, headers, body):
        url = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        if self.on_request:
            self.on_request(self)
        with self.lock:
            for entry in [e for e in self.late if e[0] <= self.clock()]:
                self.late.remove(entry)
                self.put(entry[1], entry[2])
        if len(path) > 8192:
            return 414, {}, b"<html>too long</html>"
        if url.path == "/oauth_token.do":
            return self.token(dict(urllib.parse.parse_qsl(body.decode())))
        if not self.is_logged_in(headers):
            return 401, {}, {"error": {"message": "User Not Authenticated", "detail": "Required to provide Auth information"}, "status": "failure"}
        parts = url.path.strip("/").split("/")
        if parts[:3] == ["api", "now", "table"] and len(parts) == 4:
            return self.table(parts[3], query)
        if parts[:3] == ["api", "now", "stats"] and len(parts) == 4 and parts[3] in self.tables:
            if self.denies_stats:
                return 403, {}, {"error": {"message": "User Not Authorized", "detail": ""}, "status": "failure"}
            with self.lock:
                counted = len(self.select(parts[3], query.get("sysparm_query", ""))[0])
            return 200, {}, {"result": {"stats": {"count": str(0 if self.is_anonymous == "counts" else counted)}}}
        return 404, {}, {"error": {"message": "No such resource", "detail": ""}, "status": "failure"}

    def is_logged_in(self, headers):
        given = headers.get("Authorization", "")
        if given.startswith("Basic "):
            return base64.b64decode(given[6:]).decode() == f"{self.user}:{self.password}"
        if given.startswith("Bearer "):
            return self.tokens.get(given[7:], 0) > time.time()
        return headers.get("x-sn-apikey") == self.password

    def token(self, form):
        self.token_requests.append((time.time(), form.get("grant_type")))
        good = form.get("client_secret") == "client-secret"
        if form.get("grant_type") == "password":
            good = good and (form.get("username"), form.get("password")) == (self.user, self.password)
        if not good:
            return 401, {}, {"error": "server_error", "error_description": "access_denied"}
        name = f"token{len(self.tokens)}"
        self.tokens[name] = time.time() + self.token_seconds
        return 200, {}, {"access_token": name, "refresh_token": f"refresh-{name}", "token_type": "Bearer", "expires_in": self.token_seconds}

    def table(self, name, query):
        date = {"Date": formatdate(self.clock(), usegmt=True) if self.sends_date else None}
        if self.says_login:
            date["X-Is-Logged-In"] = "false" if self.is_anonymous else "true"
        with self.lock:
            if name not in self.tables:
                if name == "sys_audit_delete":
                    return 403, date, {"error": {"message": "User Not Authorized", "detail": "Failed API level ACL Validation"}, "status": "failure"}
                return 400, date, {"error": {"message": f"Invalid table {name}", "detail": None}, "status": "failure"}
            named = {field for table, field in self.hidden_fields if table == name and field + "IS" in query.get("sysparm_query", "")}
            denied = any(table == name and field in query.get("sysparm_query", "") for table, field in self.denied_fields)
            if denied or (self.denies_queries and named):
                return 403, date, {"error": {"message": "Insufficient rights to query records",
                                             "detail": "Field(s) present in the query do not have permission to be read"}, "status": "failure"}
            rows, order = self.select(name, query.get("sysparm_query", "").replace("javascript:gs.getUserName()", self.account))
        if name in self.unordered:
            order = []
            rows.sort(key=lambda row: zlib.crc32(row["sys_id"].encode()))
        for field, backwards in reversed(order):
            rows.sort(key=lambda row: self.value(name, row, field), reverse=backwards)
        total, limit, offset = len(rows), min(int(query.get("sysparm_limit", 10000)), self.most_rows or 10000), int(query.get("sysparm_offset", 0))
        page = rows[offset: offset + limit]  # before access rules: pages come short
        fields = query["sysparm_fields"].split(",") if query.get("sysparm_fields") else None
        shown = [] if name in self.unreadable_tables or self.is_anonymous else [self.shown(name, row, fields, query.get("sysparm_display_value", "false")) for row in page if row["sys_id"] not in self.hidden_ids]
        headers = {**date, "X-Total-Count": str(0 if name in self.denied_counts or self.is_anonymous == "counts" else total) if self.sends_total else None}
        if self.is_version_1 and not shown:
            return 404, headers, {"error": {"message": "No Record found", "detail": "Record doesn't exist or ACL restricts the record retrieval"}, "status": "failure"}
        if self.cancel_above is not None and len(shown) > self.cancel_above:
            if self.cancel_wait_s:
                headers["Retry-After"] = str(self.cancel_wait_s)
                self.journal.tell_to_wait(time.time() + self.cancel_wait_s)
            return self.cancel_status, headers, (b'{"result":[{"number":"INC1"}],"error":{"detail":"Transaction cancelled: maximum execution time exceeded",'
                                  b'"message":"Transaction cancelled"},"status":"failure"}')
        return 200, headers, {"result": shown}

    def value(self, table, row, field):
        head, _, rest = field.partition(".")
        if not rest:
            return row.get(head, "")
        target = self.references.get((table, head))
        other = self.tables.get(target, {}).get(row.get(head, ""))
        return self.value(target, other, rest) if other else ""

    def shown(self, table, row, fields, display):
        names = [f for f in (fields or row.keys()) if (table, f) not in self.hidden_fields and (row["sys_id"], f) not in self.hidden_cells]
        values = {f: self.value(table, row, f) for f in names if "." in f or f in row}
        if self.omits_walks:
            values = {f: value for f, value in values.items() if "." not in f or self.value(table, row, f.rpartition(".")[0])}
        return values if display == "false" else {f: moved(value, self.shown_zone_s) for f, value in values.items()}

    def select(self, table, encoded):
        order, groups = [], [[]]
        known = set().union(*(r.keys() for r in list(self.tables[table].values())[:50])) if self.tables[table] else {"sys_id"}
        for term in encoded.split("^"):
            if term.startswith("ORDERBYDESC"):
                order.append((term[11:], True))
            elif term.startswith("ORDERBY"):
                order.append((term[7:], False))
            elif term.startswith("NQ"):
                groups.append([])
                self.add(groups[-1], term[2:], table, known)
            elif term.startswith("OR") and groups[-1]:
                groups[-1][-1].append(self.predicate(term[2:], table, known) or (lambda row: True))
            elif term:
                self.add(groups[-1], term, table, known)
        lagging = self.index_lag[1] if self.index_lag and time.time() < self.index_lag[0] else {}
        rows = [row for i, row in self.tables[table].items()
                if any(all(any(p(lagging.get(i, row)) for p in alternatives) for alternatives in group) for group in groups)]
        return rows, order

    def add(self, group, term, table, known):
        predicate = self.predicate(term, table, known)
        if predicate is not None:  # an unknown field drops its term
            group.append([predicate])

    def predicate(self, term, table, known):
        for operator in ("ISNOTEMPTY", "ISEMPTY", "NOT IN", "!=", "<=", ">=", "IN", "=", "<", ">"):
            at = term.find(operator)
            if at > 0 and (not operator.isalpha() or term[:at].islower() or "_" in term[:at]):
                field, value = term[:at].strip(), term[at + len(operator):]
                break
        else:
            return None
        if field.split(".")[0] not in known or (table, field) in self.stripped:
            return (lambda row: False) if self.empties_unknown else None
        read = (lambda row: self.value(table, row, field)) if "." in field else (lambda row: row.get(field, ""))
        value = moved(value, -self.query_zone_s)
        if (self.strip_ranges or (table, field) in self.denied_ranges) and operator in ("<", ">", "<=", ">="):
            return lambda row: True
        if operator in ("IN", "NOT IN"):
            wanted = set(value.split(","))
            return (lambda row: read(row) in wanted) if operator == "IN" else (lambda row: read(row) not in wanted)
        return {"ISNOTEMPTY": lambda row: read(row) != "", "ISEMPTY": lambda row: read(row) == "",
                "!=": lambda row: read(row) != value, "<=": lambda row: read(row) <= value, ">=": lambda row: read(row) >= value,
                "=": lambda row: read(row) == value, "<": lambda row: read(row) < value, ">": lambda row: read(row) > value}[operator]
