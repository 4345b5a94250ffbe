// The other yardstick for a backfill: what a script would do. usage: node node_pipeline.mjs URL DATABASE
import { createRequire } from "node:module";
const Database = createRequire(process.cwd() + "/")("better-sqlite3");

const [url, path] = process.argv.slice(2);
const columns = ["sys_id", "number", "sys_updated_on", "state", "priority", "opened_at", "resolved_at", "closed_at", "category", "subcategory", "escalation",
  "business_service", "cmdb_ci", "assignment_group", "assigned_to", "problem_id", "reopen_count", "caused_by", "reassignment_count", "short_description"];
const database = new Database(path);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = NORMAL");
database.exec(`CREATE TABLE incident(${columns.map((c) => `${c} TEXT`).join(", ")}, PRIMARY KEY(sys_id)); CREATE INDEX by_service ON incident(business_service, opened_at)`);
const insert = database.prepare(`INSERT OR REPLACE INTO incident VALUES(${columns.map(() => "?").join(",")})`);
const store = database.transaction((rows) => {
  for (const row of rows) insert.run(columns.map((c) => row[c] ?? ""));
});
let since = "2000-01-01 00:00:00", count = 0;
for (;;) {
  const query = encodeURIComponent(`sys_updated_on>${since}^ORDERBYsys_updated_on^ORDERBYsys_id`);
  const answer = await fetch(`${url}/api/now/table/incident?sysparm_limit=10000&sysparm_query=${query}`);
  const { result } = await answer.json();
  if (result.length === 0) break;
  store(result);
  count += result.length;
  since = result.at(-1).sys_updated_on;
}
console.log(count);
