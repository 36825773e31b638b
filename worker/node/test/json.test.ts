import assert from 'node:assert/strict';
import test from 'node:test';
import { Reader, list, row, shape, text, uint64 } from '../src/json.ts';
import { Problem } from '../src/problem.ts';
import { checkExec, shapes } from '../src/requests.ts';

const read = shape({ name: text, term: uint64, rows: list(row) });
const decode = (body: string | Buffer) => Reader.decode(Buffer.from(body), read).value;

/** The problem that the body is refused with. */
function refused(body: string | Buffer): Problem['data'] {
  try {
    decode(body);
  } catch (err) {
    assert.ok(err instanceof Problem, String(err));
    return err.data;
  }
  assert.fail(`${body.toString().slice(0, 50)} was accepted`);
}

test('values keep every digit', () => {
  assert.deepEqual(
    { ...decode(' {"term": 18446744073709551615 , "rows":[[9007199254740993,1.10,-0,1E400,"\\u00e9\\n",null,true],[]],"name":null}') },
    { term: 18446744073709551615n, name: undefined, rows: [['9007199254740993', '1.10', '-0', '1E400', '"\\u00e9\\n"', 'null', 'true'], []] },
  );
  assert.equal(decode('{"name":"a\\"\\\\\\u0000\\ud83d\\ude00é😀"}').name, 'a"\\\0😀é😀');
});

test('what is not JSON is refused', () => {
  for (const body of [
    '', ' ', 'x', '{', '{"name"', '{"name":', '{"name":"a', '{"name":"a"', '{"name":"a",}', '{"name":"a"} {}', "{'name':1}", '{"term":01}',
    '{"term":+1}', '{"term":.5}', '{"term":1.}', '{"term":NaN}', '{"term":Infinity}', '{"name":"\t"}', '{"name":"\\x"}', '{"name":"\\u12"}',
    '{"name":"\\ud800"}', '{"name":"\\udc00\\ud800"}', '{"rows":[["\\ud800"]]}', '{"rows":[[1,]]}', '{"rows":[[nul]]}', '{/**/}', '\ufeff{}',
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
  ]) assert.equal(refused(body).code, 'invalid_json', JSON.stringify(body));
});

test('the field at fault is named', () => {
  for (const [body, code, field] of [
    ['[]', 'invalid_field', undefined], ['7', 'invalid_field', undefined], ['{"more":1}', 'unknown_field', 'more'],
    ['{"__proto__":1}', 'unknown_field', '__proto__'], ['{"name":"a","name":"b"}', 'invalid_field', 'name'], ['{"name":null,"name":"b"}', 'invalid_field', 'name'],
    ['{"name":7}', 'invalid_field', 'name'], ['{"term":"1"}', 'invalid_field', 'term'], ['{"term":-1}', 'invalid_field', 'term'],
    ['{"term":1.5}', 'invalid_field', 'term'], ['{"term":1e3}', 'invalid_field', 'term'], ['{"term":18446744073709551616}', 'invalid_field', 'term'],
    ['{"rows":{}}', 'invalid_field', 'rows'], ['{"rows":[1]}', 'invalid_field', 'rows[0]'], ['{"rows":[[1],[2,[3]]]}', 'invalid_field', 'rows[1][1]'],
    ['{"rows":[[{}]]}', 'invalid_field', 'rows[0][0]'],
  ] as const) {
    const p = refused(body);
    assert.deepEqual([p.code, p.field], [code, field], body);
  }
});

test('deep nesting is refused without a crash', () => {
  for (const open of ['[', '{"name":', '{"rows":[[[']) assert.match(refused(open.repeat(200_000)).code, /^invalid_(json|field)$/);
});

test('rows must have a value for each type', () => {
  const body = (rows: string) => `{"db_name":"A","fence":{"term":1,"map_version":1},"statements":[
    {"sql":"x","table":"T","effect":"delete","types":["INT","INT"],"rows":${rows}}]}`;
  const check = (rows: string) => checkExec(Reader.decode(Buffer.from(body(rows)), shapes.exec).value);
  assert.deepEqual(check('[[1,2]]').statements[0]?.rows, [['1', '2']]);
  for (const rows of ['[[1]]', '[[1,2],[1,2,3]]', '[]', '[[]]']) assert.throws(() => check(rows), Problem, rows);
});
