// Bodies that a parser in front of startApi() took from the socket.
import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { IncomingMessage as MessageOfNode } from 'node:http'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { deflateSync, gzipSync } from 'node:zlib'
import express5 from 'express'
import express4 from 'express4'
import multer from 'multer'
import { type StartAPIMethodContext, json, startApi } from 'express-start-api'
import { type Host, type Middleware, describeHosts, serve } from './support/hosts'
import { type Sent, post, toForm, toNode } from './support/post'
import { recordProcessErrors } from './support/process-errors'
import { apiRoutes } from './support/routes'

type Read = (request: Request, req: ReturnType<typeof toNode>) => unknown

/** What a handler behind the parsers makes of a body; rejects with what reaches the error middleware. */
async function readBehind(
  host: Host,
  parsers: readonly Middleware[],
  sent: Sent,
  read: Read,
): Promise<unknown> {
  const api = startApi(
    apiRoutes({
      'api/body.ts': {
        POST: async (given) => json({ read: await read(given.request, toNode(given)) }),
      },
    }),
  )
  const { port, errors } = await serve(host, [...parsers, api])
  const answer = await post(port, '/api/body', sent)
  if (errors.length > 0) throw errors[0]
  expect(answer.status).toBe(200)
  return (JSON.parse(answer.body) as { read: unknown }).read
}

const toText: Read = (request) => request.text()
const toJson: Read = (request) => request.json()
const toEntries: Read = async (request) => {
  const entries = []
  for (const [name, value] of await request.formData()) {
    entries.push(
      typeof value === 'string'
        ? [name, value]
        : [name, { name: value.name, type: value.type, text: await value.text() }],
    )
  }
  return entries
}

/** Takes the body off the socket and keeps it where nobody knows of. */
const swallow: Middleware = (req: IncomingMessage, _res: unknown, next: () => void) => {
  req.on('data', () => {}).on('end', next)
}

/** Takes the body off the socket and leaves these properties. */
const leave =
  (left: Readonly<Record<string, unknown>>): Middleware =>
  (req: IncomingMessage, res: unknown, next: () => void) =>
    swallow(req, res, () => {
      Object.assign(req, left)
      next()
    })

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'
const GZIP = { 'content-encoding': 'gzip' }
const CHUNKED = { 'transfer-encoding': 'chunked' }

describeHosts('A body that was already read', (host) => {
  const express = host.name === 'Express 4' ? express4 : express5

  describe('by express.json()', () => {
    it.each(['{"a":[1,{"b":null}]}', '{}', '[]', '{ }', '[[],{}]'])(
      'is %s again (hazards 71, 72, 73)',
      async (text) => {
        const sent = { type: JSON_TYPE, body: text }
        expect(await readBehind(host, [express.json()], sent, toJson)).toEqual(JSON.parse(text))
        const chunked = { ...sent, headers: CHUNKED }
        expect(await readBehind(host, [express.json()], chunked, toJson)).toEqual(JSON.parse(text))
      },
    )

    it('is an empty object however much white space is in it, by the mark of Express 4', async () => {
      const sent = { type: JSON_TYPE, body: `{${' '.repeat(50)}}` }
      expect(await readBehind(host, [express4.json()], sent, toJson)).toEqual({})
    })

    it('is any JSON value where the parser takes any (hazard 74)', async () => {
      const parser = express.json({ strict: false })
      for (const text of ['0', 'false', 'null', '""', '"x"', '12', '"12"', '"{}"', '"ü" \n']) {
        const sent = { type: JSON_TYPE, body: text }
        expect([text, await readBehind(host, [parser], sent, toJson)]).toEqual([
          text,
          JSON.parse(text),
        ])
      }
    })

    it('keeps keys that name parts of a prototype, and pollutes none (hazard 87)', async () => {
      const text = '{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}}}'
      const read = await readBehind(
        host,
        [express.json()],
        { type: JSON_TYPE, body: text },
        async (request) => [await request.clone().text(), 'x' in (await request.json())],
      )
      expect(read).toEqual([text, false])
      expect('x' in {}).toBe(false)
    })

    it('is a copy: what the handler does to it leaves `req.body` alone (hazard 86)', async () => {
      const sent = { type: JSON_TYPE, body: '{"list":[1]}' }
      const read = await readBehind(host, [express.json()], sent, async (request, req) => {
        const value = (await request.json()) as { list: number[] }
        value.list.push(2)
        return req['body']
      })
      expect(read).toEqual({ list: [1] })
    })

    it.each([
      ['gzip', gzipSync],
      ['deflate', deflateSync],
    ])('is described as what it is after %s (hazards 82, 106)', async (encoding, compress) => {
      const sent = {
        type: JSON_TYPE,
        body: compress('{"a": "ü"}'),
        headers: { 'content-encoding': encoding },
      }
      const read = await readBehind(host, [express.json()], sent, async (request) => [
        request.headers.get('content-encoding'),
        request.headers.get('content-length'),
        await request.text(),
      ])
      expect(read).toEqual([null, '10', '{"a":"ü"}'])
    })

    it('has its own length where the client sent none (hazard 106)', async () => {
      const sent = { type: JSON_TYPE, body: '{ "a": 1 }', headers: CHUNKED }
      const read = await readBehind(host, [express.json()], sent, async (request) => [
        request.headers.get('transfer-encoding'),
        request.headers.get('content-length'),
        await request.text(),
      ])
      expect(read).toEqual([null, '7', '{"a":1}'])
    })

    it('is UTF-8, and says so, whatever it was (hazards 83, 88)', async () => {
      const read: Read = async (request) => [
        request.headers.get('content-type'),
        await request.json(),
      ]
      const utf16 = {
        type: 'application/json; charset=utf-16le; v=1',
        body: Buffer.from('\ufeff{"a":"ü"}', 'utf16le'),
      }
      expect(await readBehind(host, [express.json()], utf16, read)).toEqual([
        'application/json; charset=utf-8; v=1',
        { a: 'ü' },
      ])
      const marked = { type: JSON_TYPE, body: '\ufeff{"a":"ü"}' }
      expect(await readBehind(host, [express.json()], marked, read)).toEqual([
        JSON_TYPE,
        { a: 'ü' },
      ])
    })

    it('is JSON under another type that the parser was told to take', async () => {
      const parser = express.json({ type: '*/*' })
      for (const type of ['text/plain', 'application/csp-report', undefined]) {
        const sent = { ...(type === undefined ? {} : { type }), body: '{"a":1}' }
        expect(await readBehind(host, [parser], sent, toJson)).toEqual({ a: 1 })
      }
    })

    it('can be cloned, and both copies read', async () => {
      const sent = { type: JSON_TYPE, body: '{"a":1}' }
      const read = await readBehind(host, [express.json()], sent, async (request) => {
        const copy = request.clone()
        const both = [await request.text(), await copy.json()]
        return [...both, request.bodyUsed, await request.text().catch((error: Error) => error.name)]
      })
      expect(read).toEqual(['{"a":1}', { a: 1 }, true, 'TypeError'])
    })

    it('is passed on by fetch() with its length', async () => {
      const { url: target } = await serve(host, [
        (req: IncomingMessage, res: ServerResponse) => {
          let text = ''
          req.on('data', (chunk) => (text += chunk))
          req.on('end', () => res.end(`${req.headers['content-length']} ${text}`))
        },
      ])
      const sent = { type: JSON_TYPE, body: '{ "a": 1 }' }
      const read = await readBehind(host, [express.json()], sent, async (request) => {
        const answer = await fetch(new Request(target, request), { duplex: 'half' } as RequestInit)
        return answer.text()
      })
      expect(read).toBe('7 {"a":1}')
    })
  })

  describe('by express.urlencoded()', () => {
    it('has its repeated keys (hazard 76)', async () => {
      for (const extended of [false, true]) {
        const sent = { type: FORM_TYPE, body: 'a=1&a=2&empty=&plus=a+b%2B&u=%C3%BC&a%20b=%26' }
        const read = await readBehind(
          host,
          [express.urlencoded({ extended })],
          sent,
          async (request) => [
            request.headers.get('content-type'),
            Number(request.headers.get('content-length')),
            await request.clone().text(),
            await toEntries(request, undefined as never),
          ],
        )
        const text = 'a=1&a=2&empty=&plus=a+b%2B&u=%C3%BC&a+b=%26'
        expect(read).toEqual([FORM_TYPE, text.length, text, [...new URLSearchParams(text)]])
      }
    })

    it('has its nested keys (hazard 76)', async () => {
      const sent = { type: FORM_TYPE, body: 'b[c]=3&b[d][e]=4&l[0][x]=1&l[1][x]=2' }
      for (const extended of [false, true]) {
        const parser = express.urlencoded({ extended })
        expect(await readBehind(host, [parser], sent, toEntries)).toEqual([
          ['b[c]', '3'],
          ['b[d][e]', '4'],
          ['l[0][x]', '1'],
          ['l[1][x]', '2'],
        ])
      }
    })

    it('keeps or lacks prototype keys as the parser did, and pollutes none (hazard 87)', async () => {
      const sent = { type: FORM_TYPE, body: 'a[__proto__][x]=1&__proto__[x]=1&b=2' }
      const simple = express.urlencoded({ extended: false })
      expect(await readBehind(host, [simple], sent, toEntries)).toEqual([
        ['a[__proto__][x]', '1'],
        ['__proto__[x]', '1'],
        ['b', '2'],
      ])
      const extended = express.urlencoded({ extended: true })
      expect(await readBehind(host, [extended], sent, toEntries)).toContainEqual(['b', '2'])
      expect('x' in {}).toBe(false)
    })

    it('is UTF-8, and says so, whatever it was (hazard 83)', async () => {
      const sent = { type: `${FORM_TYPE}; charset=utf-8`, body: 'a=%C3%BC' }
      const read: Read = async (request) => [
        request.headers.get('content-type'),
        await request.text(),
      ]
      expect(await readBehind(host, [express.urlencoded({ extended: true })], sent, read)).toEqual([
        `${FORM_TYPE}; charset=utf-8`,
        'a=%C3%BC',
      ])
    })
  })

  describe('by a form parser, and holds what only forms do', () => {
    const path = Array.from({ length: 31 }, (_, level) => `[level${level}]`).join('')
    const forms: Record<string, string> = {
      'a long array': Array.from({ length: 900 }, (_, index) => `tag=${index}`).join('&'),
      'an array below 31 levels': Array.from({ length: 250 }, (_, n) => `a${path}=${n}`).join('&'),
      'many names below 31 levels': Array.from({ length: 250 }, (_, n) => `a${path}[${n}k]=`).join(
        '&',
      ),
      'arrays of objects': Array.from({ length: 900 }, (_, n) => `l[${n}][x]=1`).join('&'),
      'a long name': `${'n'.repeat(50_000)}=`,
      'characters of all kinds': 'a=%00%01+!%27()*~-._%20%25%26%3D%2B&%F0%9F%98%80[ü]=%E2%82%AC',
      'values that look like JSON': 'a=1&b=true&c=null&d=%7B%22a%22%3A1%7D&e[f]=false',
    }

    it('has its names that end in [], as jQuery and PHP write them (hazard 76)', async () => {
      const parser = express.urlencoded({ extended: true })
      for (const body of [
        'tags[]=a&tags[]=b',
        'tags=a&tags=b',
        'tags[]=a',
        'user[tags][]=a&user[tags][]=b+c&x=1',
        'user[tags][]=a',
      ]) {
        for (const sent of [body, new URLSearchParams(body).toString()]) {
          const read = await readBehind(host, [parser], { type: FORM_TYPE, body: sent }, toEntries)
          expect(read).toEqual([...new URLSearchParams(body)])
        }
      }
      const one = toForm([{ name: 'tags[]', content: 'a' }])
      expect(await readBehind(host, [multer().none()], one, toEntries)).toEqual([['tags[]', 'a']])
    })

    it.each(Object.keys(forms))('is that form: %s (hazards 76, 83)', async (kind) => {
      const body = forms[kind]!
      const entries = [...new URLSearchParams(body)]
      for (const headers of [{}, CHUNKED]) {
        for (const extended of [true, false]) {
          const parser = express.urlencoded({ extended })
          const sent = { type: FORM_TYPE, body, headers }
          expect(await readBehind(host, [parser], sent, toEntries)).toEqual(entries)
          const text = new URLSearchParams(entries).toString()
          expect(await readBehind(host, [parser], sent, toText)).toBe(text)
        }
        // busboy reads other characters as Latin-1, and heads up to 16 kB.
        if (/of all kinds|a long name/.test(kind)) continue
        const parts = entries.map(([name, content]) => ({ name, content }))
        const upload = multer({ limits: { fieldNameSize: 1000 } }).none()
        const sent = { ...toForm(parts), headers }
        expect(await readBehind(host, [upload], sent, toEntries)).toEqual(entries)
      }
    })

    it('is half a character as forms have it', async () => {
      const parser = leave({ body: { a: '\ud800' } })
      const sent = { type: FORM_TYPE, body: 'a=x' }
      expect(await readBehind(host, [parser], sent, toText)).toBe('a=%EF%BF%BD')
    })

    it('is what an older qs left: `true` for a name that is an object, too', async () => {
      const name = encodeURIComponent('Я'.repeat(20))
      const sent = { type: FORM_TYPE, body: `${name}[b]=c&${name}=d` }
      const parser = leave({ body: { ['Я'.repeat(20)]: { b: 'c', d: true } } })
      expect(await readBehind(host, [parser], sent, toEntries)).toEqual([
        [`${'Я'.repeat(20)}[b]`, 'c'],
        [`${'Я'.repeat(20)}[d]`, 'true'],
      ])
    })

    it('is still a form after a middleware has made numbers of its values, or added some', async () => {
      const change: Middleware = (req: { body: object }, _res: unknown, next: () => void) => {
        req.body = { ...req.body, age: 5, user: { id: 42, isAdmin: false } }
        next()
      }
      const convert: Middleware = (req: { body: object }, _res: unknown, next: () => void) => {
        req.body = { ...req.body, age: 5 }
        next()
      }
      const added = [
        ['age', '5'],
        ['user[id]', '42'],
        ['user[isAdmin]', 'false'],
      ]
      const form = { type: FORM_TYPE, body: 'age=5' }
      const parser = express.urlencoded({ extended: true })
      expect(await readBehind(host, [parser, change], form, toEntries)).toEqual(added)
      const name = 'Я'.repeat(20)
      const escaped = { type: FORM_TYPE, body: `name=${encodeURIComponent(name)}&age=5` }
      expect(await readBehind(host, [parser, convert], escaped, toEntries)).toEqual([
        ['name', name],
        ['age', '5'],
      ])
      const strip: Middleware = (req: { body: object }, _res: unknown, next: () => void) => {
        req.body = { age: 5 }
        next()
      }
      for (const headers of [{}, CHUNKED]) {
        const sent = { type: FORM_TYPE, body: `_csrf=${'a'.repeat(32)}&age=5`, headers }
        expect(await readBehind(host, [parser, strip], sent, toEntries)).toEqual([['age', '5']])
      }
      const add: Middleware = (req: { body: object }, _res: unknown, next: () => void) => {
        req.body = { ...req.body, id: 42 }
        next()
      }
      const cyrillic = { type: FORM_TYPE, body: `name=${encodeURIComponent('Я'.repeat(20))}` }
      expect(await readBehind(host, [parser, add], cyrillic, toEntries)).toEqual([
        ['name', 'Я'.repeat(20)],
        ['id', '42'],
      ])
      const listed: Middleware = (req: { body: object }, _res: unknown, next: () => void) => {
        req.body = { tags: ['a'] }
        next()
      }
      const one = { type: FORM_TYPE, body: 'tags=a' }
      expect(await readBehind(host, [parser, listed], one, toEntries)).toEqual([['tags', 'a']])
      const multipart = toForm([{ name: 'age', content: '5' }])
      for (const parse of [multer().none(), leave({ body: { age: '5' } })]) {
        const read = await readBehind(host, [parse, change], multipart, toEntries)
        expect(read).toEqual(added)
      }
    })
  })

  describe('by a form parser, and has what a validator made of its texts', () => {
    const date = new Date(0)
    const convert: Middleware = (req: { body: object }, _res: unknown, next: () => void) => {
      const id = { toJSON: () => 'abc', bytes: [1, 2] }
      req.body = { ...req.body, day: date, days: [date, 'z'], link: new URL('http://a.b/c'), id }
      next()
    }
    const made = [
      ['n', '1'],
      ['day', date.toISOString()],
      ['days', date.toISOString()],
      ['days', 'z'],
      ['link', 'http://a.b/c'],
      ['id', 'abc'],
    ]

    it.each<[string, Middleware, Sent]>([
      ['urlencoded', express.urlencoded(), { type: FORM_TYPE, body: 'n=1' }],
      ['multipart', multer().none(), toForm([{ name: 'n', content: '1' }])],
    ])('as JSON has it: %s', async (_name, parser, sent) => {
      expect(await readBehind(host, [parser, convert], sent, toEntries)).toEqual(made)
    })
  })

  describe('by express.json() for any type, under the type of a form,', () => {
    const parser = express.json({ type: '*/*', strict: false, limit: '1mb' })
    const types = [FORM_TYPE, 'multipart/form-data; boundary=x']
    const nest = (depth: number, inner: string) => '{"a":'.repeat(depth) + inner + '}'.repeat(depth)

    it.each([
      '{"a":{"b":1},"c":null}',
      '{"n":"x","ok":false}',
      '{"ok":true}',
      '{"ab":[1,2,3]}',
      '[]',
      '["a"]',
      '12',
      'null',
      '{"a":{"b":{"c":[1,"ü"]}}}',
    ])('is JSON by the values in it: %s', async (text) => {
      for (const type of types) {
        for (const body of [text, `${text}\n`]) {
          // Without a length, the type counts for what may be a form.
          for (const headers of text.startsWith('{') ? [{}] : [{}, CHUNKED]) {
            const read = await readBehind(
              host,
              [parser],
              { type, body, headers },
              async (request) => [
                request.headers.get('content-type'),
                Number(request.headers.get('content-length')),
                await request.text(),
              ],
            )
            expect(read).toEqual([type, Buffer.byteLength(text), text])
          }
        }
      }
    })

    it.each([
      ['numbers', '1'],
      ['strings', '"1"'],
    ])(
      'is JSON where a form of it would be beyond measure: names of 2000 levels, %s',
      async (_, item) => {
        const body = nest(2000, `[${Array.from({ length: 8000 }, () => item).join()}]`)
        for (const type of types) {
          for (const headers of [{}, CHUNKED]) {
            const begun = performance.now()
            const sent = { type, body, headers }
            expect(await readBehind(host, [parser], sent, toText)).toBe(body)
            expect(performance.now() - begun).toBeLessThan(1000)
          }
        }
      },
    )

    it('is JSON or rejects, beyond the stack', async () => {
      for (const body of [
        nest(45_000, '"x"'),
        nest(8000, '1'),
        '['.repeat(45_000) + ']'.repeat(45_000),
      ]) {
        for (const type of types) {
          const outcome = await readBehind(host, [parser], { type, body }, toText).catch(
            (error: { code: string }) => error.code,
          )
          expect([body, 'ERR_START_API_BODY_CONSUMED']).toContain(outcome)
        }
      }
    })

    it('rejects what refers to itself', async () => {
      const body: Record<string, unknown> = { a: 'x' }
      body['self'] = body
      for (const type of types) {
        const read = readBehind(host, [leave({ body })], { type, body: 'a=x' }, toText)
        await expect(read).rejects.toMatchObject({ code: 'ERR_START_API_BODY_CONSUMED' })
      }
    })
  })

  describe('by express.text()', () => {
    it('is the text (hazard 77)', async () => {
      for (const body of ['plain ü', '{"a":1}', ' ']) {
        const sent = { type: 'text/plain', body }
        expect(await readBehind(host, [express.text()], sent, toText)).toBe(body)
      }
    })

    it('is empty if it was empty (hazard 77)', async () => {
      for (const headers of [{}, CHUNKED]) {
        const sent = { type: 'text/plain', body: '', headers }
        expect(await readBehind(host, [express.text()], sent, toText)).toBe('')
      }
    })

    it('is not quoted under a JSON type (hazard 77)', async () => {
      const parser = express.text({ type: '*/*' })
      for (const body of ['{"a": 1}', '[1]', '"x"', 'no json', '\ufeff{"a": 1}']) {
        const sent = { type: JSON_TYPE, body }
        const text = body.replace('\ufeff', '')
        expect(await readBehind(host, [parser], sent, toText)).toBe(text)
      }
      const utf16 = {
        type: `${JSON_TYPE}; charset=utf-16le`,
        body: Buffer.from('{"a": 1}', 'utf16le'),
      }
      expect(await readBehind(host, [parser], utf16, toText)).toBe('{"a": 1}')
      const chunked = { type: JSON_TYPE, body: '{"a": 1}', headers: CHUNKED }
      expect(await readBehind(host, [parser], chunked, toText)).toBe('{"a": 1}')
    })

    it('is UTF-8, and says so, whatever it was (hazards 82, 83)', async () => {
      const sent = {
        type: 'text/plain; charset="iso-8859-1"',
        body: gzipSync(Buffer.from('Jür', 'latin1')),
        headers: { 'content-encoding': 'gzip' },
      }
      const read = await readBehind(host, [express.text()], sent, async (request) => [
        request.headers.get('content-type'),
        request.headers.get('content-length'),
        await request.text(),
      ])
      expect(read).toEqual(['text/plain; charset=utf-8', '4', 'Jür'])
    })
  })

  describe('by express.raw()', () => {
    it('is every byte of 10 MB (hazard 78)', async () => {
      const body = Buffer.alloc(10e6, 'some bytes \xff\x00', 'latin1')
      const sent = { type: 'application/octet-stream', body }
      const parser = express.raw({ limit: '20mb' })
      const read = await readBehind(host, [parser], sent, async (request) =>
        createHash('sha1')
          .update(new Uint8Array(await request.arrayBuffer()))
          .digest('hex'),
      )
      expect(read).toBe(createHash('sha1').update(body).digest('hex'))
    })

    it('is a copy: what the handler does to it leaves `req.body` alone (hazard 86)', async () => {
      const sent = { type: 'application/octet-stream', body: 'abc' }
      const read = await readBehind(host, [express.raw()], sent, async (request, req) => {
        const copies = [request.clone(), request.clone()]
        new Uint8Array(await request.arrayBuffer()).fill(0)
        for (const copy of copies) (await copy.bytes()).fill(0)
        return String(req['body'])
      })
      expect(read).toBe('abc')
      const alone = await readBehind(host, [express.raw()], sent, async (request, req) => {
        ;(await request.bytes()).fill(0)
        return String(req['body'])
      })
      expect(alone).toBe('abc')
    })
  })

  it('is the same bytes whatever they are seen as on `req.body`', async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(6), 1, 4)
    bytes.set([0x61, 0xff, 0x00, 0x62])
    const sent = { type: 'application/octet-stream', body: Buffer.from('61ff0062', 'hex') }
    const { buffer } = Uint8Array.from(bytes)
    for (const body of [bytes, new DataView(buffer), new Uint16Array(buffer)]) {
      const read = await readBehind(host, [leave({ body })], sent, async (request) => [
        Buffer.from(await request.clone().arrayBuffer()).toString('hex'),
        Buffer.from(await request.bytes()).toString('hex'),
      ])
      expect(read).toEqual(['61ff0062', '61ff0062'])
    }
    const form = { type: FORM_TYPE, body: 'a=1' }
    const shared = new Uint8Array(new SharedArrayBuffer(3))
    shared.set(Buffer.from('a=1'))
    expect(await readBehind(host, [leave({ body: shared })], form, toEntries)).toEqual([['a', '1']])
  })

  describe('and kept as `rawBody`', () => {
    const signed = ' {"a" : 1.0, "b":"\\u00fc"}\n'

    it('has the bytes that the client signed (hazard 80)', async () => {
      const verify = (req: IncomingMessage, _res: unknown, bytes: Buffer) =>
        void Object.assign(req, { rawBody: bytes })
      const sign = (text: string) => createHmac('sha256', 'key').update(text).digest('hex')
      for (const body of [signed, gzipSync(signed)]) {
        const headers = typeof body === 'string' ? {} : { 'content-encoding': 'gzip' }
        const sent = { type: JSON_TYPE, body, headers }
        const read = await readBehind(host, [express.json({ verify })], sent, async (request) =>
          sign(await request.text()),
        )
        expect(read).toBe(sign(signed))
      }
    })

    it('has its text, if it was kept as text (hazard 80)', async () => {
      const verify = (req: IncomingMessage, _res: unknown, bytes: Buffer) =>
        void Object.assign(req, { rawBody: bytes.toString() })
      const sent = { type: JSON_TYPE, body: signed }
      expect(await readBehind(host, [express.json({ verify })], sent, toText)).toBe(signed)
    })

    it('is that before anything else on `req`, as cloud platforms leave it (hazard 81)', async () => {
      const platform = leave({ rawBody: Buffer.from(signed), body: { a: 'parsed' } })
      const sent = { type: JSON_TYPE, body: signed }
      expect(await readBehind(host, [platform], sent, toText)).toBe(signed)
    })

    it('is read from the socket while a middleware still collects it', async () => {
      const collect: Middleware = (req: IncomingMessage, _res: unknown, next: () => void) => {
        const left = Object.assign(req, { rawBody: '' })
        req.on('data', (chunk) => (left.rawBody += chunk))
        next()
      }
      const sent = { type: JSON_TYPE, body: '{"a":1}' }
      expect(await readBehind(host, [collect], sent, toJson)).toEqual({ a: 1 })
    })
  })

  describe('by multer', () => {
    const directory = mkdtempSync(join(tmpdir(), 'uploads-'))
    afterAll(() => rmSync(directory, { recursive: true }))

    const storages = { memory: multer(), disk: multer({ dest: directory }) }
    const form = toForm([
      {
        name: 'first',
        filename: 'a "1"; Jür.txt'.replaceAll('"', '%22'),
        type: 'text/plain',
        content: 'A\r\n--A',
      },
      { name: 'title', content: 'Tü\r\ntel' },
      { name: 'tag', content: '1' },
      { name: 'tag', content: '2' },
      { name: 'user[name][last]', content: 'x' },
      { name: 'Größe', content: '5' },
      { name: 'more', filename: 'empty.bin', type: 'image/png', content: '' },
      { name: 'more', filename: 'c.txt', type: 'text/plain;charset=utf-8', content: 'C' },
    ])
    const fields = [
      ['title', 'Tü\r\ntel'],
      ['tag', '1'],
      ['tag', '2'],
      ['user[name][last]', 'x'],
      ['Größe', '5'],
    ]
    const first = ['first', { name: 'a "1"; Jür.txt', type: 'text/plain', text: 'A\r\n--A' }]
    const more = [
      ['more', { name: 'empty.bin', type: 'image/png', text: '' }],
      ['more', { name: 'c.txt', type: 'text/plain', text: 'C' }],
    ]

    it.each(['memory', 'disk'] as const)(
      'has all fields and files: any(), fields(), %s storage (hazards 79, 90)',
      async (storage) => {
        const upload = storages[storage]
        const named = upload.fields([{ name: 'first' }, { name: 'more' }])
        for (const parser of [upload.any(), named]) {
          expect(await readBehind(host, [parser], form, toEntries)).toEqual([
            ...fields,
            first,
            ...more,
          ])
        }
      },
    )

    it.each(['memory', 'disk'] as const)(
      'has its one file, or one field of files: single(), array(), %s storage (hazard 79)',
      async (storage) => {
        const upload = storages[storage]
        const one = toForm([{ name: 'f', filename: 'f.txt', type: 'text/plain', content: 'F' }])
        const file = ['f', { name: 'f.txt', type: 'text/plain', text: 'F' }]
        expect(await readBehind(host, [upload.single('f')], one, toEntries)).toEqual([file])
        expect(await readBehind(host, [upload.array('f')], one, toEntries)).toEqual([file])
      },
    )

    it('has its fields alone, or nothing: none() (hazard 79)', async () => {
      const text = toForm([{ name: 'a', content: '1' }])
      const parser = storages.memory.none()
      expect(await readBehind(host, [parser], text, toEntries)).toEqual([['a', '1']])
      expect(await readBehind(host, [parser], toForm([]), toEntries)).toEqual([])
    })

    it('has headers that fit: a boundary of its own, no length (hazards 93, 106)', async () => {
      const read = await readBehind(host, [storages.memory.any()], form, async (request) => [
        request.headers.get('content-type'),
        request.headers.get('content-length'),
        (await request.clone().formData()).get('title'),
        (await request.formData()).get('title'),
      ])
      expect(read).toEqual([
        expect.stringMatching(/^multipart\/form-data; boundary=start-api-[\da-f-]{36}$/),
        null,
        'Tü\r\ntel',
        'Tü\r\ntel',
      ])
    })

    it('is written in time that its size bounds: one index of 4 billion', async () => {
      const sparse = toForm([{ name: 'a[4294967290]', content: 'x' }])
      const parser = storages.memory.none()
      expect(await readBehind(host, [parser], sparse, toEntries)).toEqual([['a', 'x']])
    })

    it('is a copy: what the handler does to it leaves the files alone (hazard 86)', async () => {
      const one = toForm([{ name: 'f', filename: 'f.txt', type: 'text/plain', content: 'F' }])
      const parser = storages.memory.single('f')
      const read = await readBehind(host, [parser], one, async (request, req) => {
        for await (const chunk of Readable.fromWeb(request.body as never)) chunk.fill(0)
        return String((req['file'] as { buffer: Buffer }).buffer)
      })
      expect(read).toBe('F')
    })

    it.each(['memory', 'disk'] as const)(
      'is no error of the process if it is cancelled during a read: %s storage',
      async (storage) => {
        const processErrors = await recordProcessErrors(async () => {
          const parser = storages[storage].any()
          const read = await readBehind(host, [parser], form, async (request) => {
            const reader = request.body!.getReader()
            await reader.read()
            const pending = reader.read()
            await reader.cancel()
            return [await pending, request.bodyUsed]
          })
          expect(read).toEqual([{ done: true }, true])
        })
        expect(processErrors).toEqual([])
      },
    )

    it('rejects if a file has gone meanwhile', async () => {
      const one = toForm([{ name: 'f', filename: 'f.txt', type: 'text/plain', content: 'F' }])
      const parser = storages.disk.single('f')
      const read = readBehind(host, [parser], one, async (request, req) => {
        rmSync((req['file'] as { path: string }).path)
        return toEntries(request, req)
      })
      await expect(read).rejects.toMatchObject({ code: 'ENOENT' })
    })

    it('rejects, with the reason, if a storage put the files elsewhere (hazard 79)', async () => {
      const elsewhere = multer({
        storage: {
          _handleFile: (_req, file, done) =>
            void file.stream.on('end', () => done(null, {})).resume(),
          _removeFile: (_req, _file, done) => done(null),
        },
      })
      const one = toForm([{ name: 'f', filename: 'f.txt', type: 'text/plain', content: 'F' }])
      await expect(readBehind(host, [elsewhere.any()], one, toEntries)).rejects.toMatchObject({
        code: 'ERR_START_API_BODY_CONSUMED',
      })
    })
  })

  describe('by a form parser like', () => {
    const form = toForm([{ name: 'f', filename: 'f.txt', type: 'text/plain', content: 'F' }])
    const file = ['f', { name: 'f.txt', type: 'text/plain', text: 'F' }]
    const directory = mkdtempSync(join(tmpdir(), 'uploads-'))
    const stored = join(directory, 'stored')
    writeFileSync(stored, 'F')
    afterAll(() => rmSync(directory, { recursive: true }))

    it('express-fileupload has its fields and files', async () => {
      const inMemory = {
        name: 'f.txt',
        data: Buffer.from('F'),
        tempFilePath: '',
        mimetype: 'text/plain',
      }
      const onDisk = { ...inMemory, data: Buffer.alloc(0), tempFilePath: stored }
      for (const files of [{ f: inMemory }, { f: [onDisk] }]) {
        const parser = leave({ body: { a: ['1', '2'] }, files })
        expect(await readBehind(host, [parser], form, toEntries)).toEqual([
          ['a', '1'],
          ['a', '2'],
          file,
        ])
      }
      const none = leave({ body: { a: '1' }, files: null })
      expect(await readBehind(host, [none], form, toEntries)).toEqual([['a', '1']])
    })

    it('formidable has its fields, where they were put into `req.body`', async () => {
      const parser = leave({ body: { a: ['1'], b: ['2', '3'] }, files: {} })
      expect(await readBehind(host, [parser], form, toEntries)).toEqual([
        ['a', '1'],
        ['b', '2'],
        ['b', '3'],
      ])
    })

    it('formidable has JSON and fields without files, where they were put into `req.fields`', async () => {
      const sent = { type: JSON_TYPE, body: '{"a":[1,null]}' }
      const inFront = express.urlencoded({ extended: true })
      for (const mark of [{ files: {} }, { express_formidable: { parsed: true } }]) {
        const json = leave({ fields: { a: [1, null] }, ...mark })
        for (const parsers of [[json], [inFront, json]]) {
          expect(await readBehind(host, parsers, sent, toJson)).toEqual({ a: [1, null] })
        }
      }
      const fields = leave({ fields: { a: ['1', '2'], b: 'x y' }, files: {} })
      const ofTexts = { type: FORM_TYPE, body: 'a=1&a=2&b=x+y' }
      expect(await readBehind(host, [fields], ofTexts, toText)).toBe('a=1&a=2&b=x+y')
      // Where there are both, `req.body` is what middleware goes on with.
      const both = leave({ body: { a: 2 }, fields: { a: 1 }, files: {} })
      expect(await readBehind(host, [both], sent, toJson)).toEqual({ a: 2 })
      // An array comes as an object of its indexes.
      const listed = leave({ fields: { 0: 1, 1: 2 }, files: {} })
      const array = { type: JSON_TYPE, body: '[1,2]' }
      await expect(readBehind(host, [listed], array, toJson)).rejects.toMatchObject({
        code: 'ERR_START_API_BODY_CONSUMED',
      })
    })

    it('formidable has left nothing where `req.fields` is what a client asks for', async () => {
      const asked = { fields: { admin: '1' } }
      const sent = { type: JSON_TYPE, body: '{}' }
      const ask: Middleware = (req, _res, next) => {
        Object.assign(req, asked)
        next()
      }
      for (const parsers of [[express.json(), ask], [leave({ body: {}, ...asked })]]) {
        expect(await readBehind(host, parsers, sent, toText)).toBe('{}')
      }
      await expect(readBehind(host, [leave(asked)], sent, toText)).rejects.toMatchObject({
        code: 'ERR_START_API_BODY_CONSUMED',
      })
      // multer's.
      const body = Object.assign(Object.create(null) as object, { a: '1' })
      const left = leave({ body, files: [], fields: { a: '2' } })
      expect(await readBehind(host, [left], form, toEntries)).toEqual([['a', '1']])
    })

    it('any of them has an empty form, told by its length', async () => {
      const empty = toForm([])
      for (const left of [{ body: {}, files: null }, { fields: {}, files: {} }, {}]) {
        expect(await readBehind(host, [leave(left)], empty, toEntries)).toEqual([])
      }
      const quoted = { ...empty, type: empty.type.replace(/boundary=(.*)/, 'boundary="$1"') }
      expect(await readBehind(host, [leave({})], quoted, toEntries)).toEqual([])
      const lost = { code: 'ERR_START_API_BODY_CONSUMED' }
      const long = 'b'.repeat(400)
      const small = toForm([{ name: '', content: '' }])
      for (const sent of [
        {
          type: 'multipart/form-data; boundary=b',
          body: small.body.toString().replaceAll('----spec-boundary', 'b'),
        },
        ...[form, small, { ...empty, headers: CHUNKED }],
        { ...form, type: form.type.replace(';', `; x="; boundary=${long}";`) },
        { ...form, type: form.type.replace(';', `; x=" \\"; boundary=${long}";`) },
        { type: `multipart/form-data; boundary=${long}`, body: gzipSync(form.body), headers: GZIP },
      ]) {
        await expect(readBehind(host, [leave({})], sent, toEntries)).rejects.toMatchObject(lost)
      }
    })

    it('express-openapi-validator has no text beside each file, which its schema is shown', async () => {
      const files = ['f', 'g', 'g'].map((fieldname) => ({
        ...{ fieldname, originalname: 'f.txt', mimetype: 'text/plain' },
        buffer: Buffer.from('F'),
      }))
      const body = { f: '', g: ['', ''], a: '', b: ['', '1'] }
      const read = (left: Record<string, unknown>) =>
        readBehind(host, [leave(left)], form, toEntries)
      const own = [
        ['a', ''],
        ['b', ''],
        ['b', '1'],
      ]
      const sent = ['f', 'g', 'g'].map((name) => [name, file[1]])
      expect(await read({ body, files, openapi: {} })).toEqual([...own, ...sent])
      // Elsewhere it may be what the client sent: a hidden field, in case that no file is chosen.
      const hidden = [['f', ''], ['g', ''], ['g', ''], ...own, ...sent]
      expect(await read({ body, files })).toEqual(hidden)
    })

    it('formidable has its fields and files', async () => {
      const current = { filepath: stored, originalFilename: 'f.txt', mimetype: 'text/plain' }
      const early = { path: stored, name: 'f.txt', type: 'text/plain' }
      for (const files of [{ f: [current] }, { f: early }]) {
        const parser = leave({ fields: { a: ['1'] }, files })
        expect(await readBehind(host, [parser], form, toEntries)).toEqual([['a', '1'], file])
      }
    })
  })

  describe('and not kept', () => {
    const lost = {
      code: 'ERR_START_API_BODY_CONSUMED',
      message: expect.stringMatching(/middleware in front of startApi\(\).*rawBody/),
    }
    const bodies: Record<string, Sent> = {
      json: { type: JSON_TYPE, body: JSON.stringify({ text: 'x'.repeat(50) }) },
      xml: { type: 'application/xml', body: '<a/>', headers: CHUNKED },
      form: toForm([{ name: 'a', content: '1' }]),
      none: { body: 'x'.repeat(50) },
    }

    it.each(Object.keys(bodies))('rejects the read at once: %s (hazard 85)', async (kind) => {
      // Express 4's parser leaves `{}` behind for the types that it passes over (hazard 75).
      for (const parsers of [[swallow], [express.urlencoded({ extended: true }), swallow]]) {
        await expect(readBehind(host, parsers, bodies[kind]!, toText)).rejects.toMatchObject(lost)
      }
    })

    it('rejects every way to read it, and runs the handler that reads nothing', async () => {
      const ways = ['text', 'json', 'arrayBuffer', 'bytes', 'blob', 'formData'] as const
      const read = await readBehind(host, [swallow], bodies['json']!, async (request) => {
        const failures = []
        for (const way of ways) {
          const copy = request.clone()
          failures.push(await copy[way]().catch((error: Error) => error.name))
        }
        return failures
      })
      expect(read).toEqual(ways.map(() => 'StartApiError'))
      for (const way of ways) {
        const failure = await readBehind(host, [swallow], bodies['json']!, (request) =>
          request[way]().catch((error: Error) => error.name),
        )
        expect([way, failure]).toEqual([way, 'StartApiError'])
      }
    })

    it('rejects the read of what a middleware has begun to read (hazard 84)', async () => {
      const begin: Middleware = (req: IncomingMessage, _res: unknown, next: () => void) => {
        req.once('data', (chunk) => {
          req.pause()
          Object.assign(req, { rawBody: chunk })
          next()
        })
      }
      for (const parsers of [[begin], [express.urlencoded({ extended: true }), begin]]) {
        const sent = { type: JSON_TYPE, body: JSON.stringify('x'.repeat(200_000)) }
        await expect(readBehind(host, parsers, sent, toText)).rejects.toMatchObject(lost)
      }
    })

    it('rejects the read of what was read between the making of the Request and its first read', async () => {
      const sent = { type: JSON_TYPE, body: '{}' }
      const read = readBehind(host, [], sent, async (request, req) => {
        await new Promise((resolve) => req.on('data', () => {}).on('end', resolve))
        return request.text()
      })
      await expect(read).rejects.toMatchObject(lost)
    })

    it('rejects the read of what JSON can not hold', async () => {
      const values = {
        bigint: { id: 1n },
        map: new Map([[1, 2]]),
        buffer: new ArrayBuffer(2),
        stream: Readable.from(['x']),
      }
      for (const body of Object.values(values)) {
        const sent = { type: JSON_TYPE, body: '{}' }
        await expect(readBehind(host, [leave({ body })], sent, toText)).rejects.toMatchObject(lost)
      }
    })

    it('rejects the read of a document that only its parser can write', async () => {
      const parser = leave({ body: { a: { b: ['1'] } } })
      const sent = { type: 'text/xml', body: '<a><b>1</b></a>' }
      await expect(readBehind(host, [parser], sent, toText)).rejects.toMatchObject(lost)
    })

    it('rejects the read of JSON that is nested beyond the stack, before Node 26', async () => {
      const body = '['.repeat(45_000) + ']'.repeat(45_000)
      const sent = { type: JSON_TYPE, body }
      const read = readBehind(host, [express.json()], sent, toText)
      const outcome = await read.catch((error: { code: string }) => error.code)
      expect([body, lost.code]).toContain(outcome)
    })
  })

  describe('or not', () => {
    it('is read from the socket if the parser passed it over (hazard 75)', async () => {
      const parsers = [express.json(), express.urlencoded({ extended: true }), express.text()]
      const sent = { type: 'application/xml', body: '<a/>' }
      expect(await readBehind(host, parsers, sent, toText)).toBe('<a/>')
      expect(await readBehind(host, parsers, { body: 'untyped' }, toText)).toBe('untyped')
    })

    it('is empty if there was none to read (hazard 105)', async () => {
      for (const parser of [express.json(), express.urlencoded({ extended: true })]) {
        for (const type of [JSON_TYPE, FORM_TYPE]) {
          const sent = { type, body: '' }
          expect(await readBehind(host, [parser], sent, toText)).toBe('')
        }
      }
    })
  })
})

describe('A request made by hand', () => {
  /** Enough of Node's response for the middleware: what is sent is collected. */
  async function answer(req: object, read: (request: Request) => unknown): Promise<unknown> {
    let result: unknown
    const api = startApi(
      apiRoutes({
        'api/body.ts': {
          POST: async ({ request }: StartAPIMethodContext<string>) => {
            result = await read(request)
            return json({})
          },
        },
      }),
    )
    const sent = Object.assign(new Readable({ read() {} }), {
      req,
      headersSent: false,
      writableEnded: false,
      setHeader() {},
      removeHeader() {},
      getHeader() {},
      end: () => {},
    })
    await api.ready
    await new Promise<void>((resolve, reject) => {
      sent.end = resolve
      api(req as IncomingMessage, sent as unknown as ServerResponse, reject)
    })
    return result
  }

  const head = { method: 'POST', url: '/api/body', httpVersionMajor: 1 }

  it('has the `body` that it was given, without a stream', async () => {
    const headers = { host: 'localhost', 'content-type': JSON_TYPE }
    const withBody = { ...head, headers, body: { a: 1 } }
    expect(await answer(withBody, (request) => request.json())).toEqual({ a: 1 })
    const withText = { ...head, headers: { host: 'localhost' }, body: 'text' }
    expect(await answer(withText, (request) => request.text())).toBe('text')
    const withBytes = { ...head, headers, rawBody: Buffer.from('[1]') }
    expect(await answer(withBytes, (request) => request.json())).toEqual([1])
    const without = { ...head, headers: { host: 'localhost' }, body: {} }
    expect(await answer(without, (request) => request.text())).toBe('')
    const nothing = { ...head, headers: { host: 'localhost' } }
    expect(await answer(nothing, (request) => request.text())).toBe('')
  })

  it('has the `body` that it was given, on a stream without a connection', async () => {
    const req = Object.assign(new MessageOfNode(new Socket()), head, { body: { a: 1 } })
    req.headers = { host: 'localhost', 'content-type': JSON_TYPE, 'content-length': '7' }
    expect(await answer(req, (request) => request.json())).toEqual({ a: 1 })
  })

  it('has what was pushed into its stream', async () => {
    // Express 4 adds the `{}`.
    const req = Object.assign(new MessageOfNode(new Socket()), head, { body: {} })
    req.headers = { host: 'localhost', 'content-type': JSON_TYPE, 'content-length': '7' }
    req.push('{"a":1}')
    req.push(null)
    req.complete = true
    expect(await answer(req, (request) => request.json())).toEqual({ a: 1 })
  })
})
