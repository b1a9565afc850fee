// Another program's DuckDB as a reader of a published snapshot.
//
//   node reader.mjs SNAPSHOT            opens the snapshot again and again until standard input
//                                       ends, asks it the questions on standard input (a JSON
//                                       array on the first line), says when an answer is a new
//                                       one, and prints each different set of answers once, with
//                                       how often it was given
//   node reader.mjs SNAPSHOT write      opens it for writing by mistake, and dies with the change
//                                       in its write-ahead log
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(process.env.DUCKDB_MODULES + '/');
const { DuckDBInstance } = require('@duckdb/node-api');
const [path, mistake] = process.argv.slice(2);

if (mistake) {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run('CREATE TABLE notes AS SELECT 1 AS mine');
  process.kill(process.pid, 'SIGKILL');
}

const input = createInterface({ input: process.stdin });
let over = false;
input.on('close', () => { over = true; });
const questions = await new Promise(resolve => input.once('line', line => resolve(JSON.parse(line))));
const given = new Map();
while (!over) {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const answers = [];
  for (const question of questions) {
    const reader = await connection.runAndReadAll(question);
    answers.push(String(reader.getRows()[0][0]));
  }
  connection.closeSync();
  instance.closeSync();
  const key = JSON.stringify(answers);
  if (!given.has(key)) console.log('"new"');
  given.set(key, (given.get(key) ?? 0) + 1);
}
for (const [answers, times] of given) console.log(JSON.stringify({ answers: JSON.parse(answers), times }));
