// The opt-in that replaces the global Response: whatever can be asked of one, it says what the
// platform's own says. `npm run test:fast-response` runs the specs of answers with it as well.
// oxlint-disable-next-line import/no-unassigned-import -- it is imported for its effect
import 'express-start-api/fast-response'
import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { NativeResponse as Native } from '../lib/define/native-response'
import { routeX } from './support/handlers'
import { describeHosts, serve } from './support/hosts'
import { rawHead, rawRequest } from './support/raw-request'

type ResponseClass = typeof Response

/** Headers of a class, without a prototype that says what they are. */
class OwnHeaders {
  'x-a' = '1'
}

const texts: Readonly<Record<string, string>> = {
  short: 'text',
  empty: '',
  'not ASCII': 'ä€𝄞',
  'a lone surrogate': 'a\ud800b',
  'a byte order mark': '\ufeffa',
}

const inits: Readonly<Record<string, () => unknown>> = {
  'no init': () => undefined,
  'null as init': () => null,
  'an empty init': () => ({}),
  'a status': () => ({ status: 201 }),
  'an error status': () => ({ status: 404 }),
  'a status as text': () => ({ status: '202' }),
  'a status with a fraction': () => ({ status: 202.9 }),
  'a status text': () => ({ status: 201, statusText: 'Made' }),
  'an empty status text': () => ({ statusText: '' }),
  'members that are undefined': () => ({
    status: undefined,
    statusText: undefined,
    headers: undefined,
  }),
  'a header': () => ({ headers: { 'x-a': '1' } }),
  'headers in capitals': () => ({ headers: { 'Content-Type': 'A/B', 'X-B': '1', ETag: '"a"' } }),
  'a header twice': () => ({ headers: { 'x-a': '1', 'X-A': '2' } }),
  'a header with an underscore': () => ({ headers: { x_a: '1' } }),
  'headers as pairs': () => ({
    headers: [
      ['x-a', '1'],
      ['x-a', '2'],
    ],
  }),
  'headers as Headers': () => ({ headers: new Headers({ 'x-a': '1', 'content-type': 'a/b' }) }),
  'headers as a map': () => ({ headers: new Map([['x-a', '1']]) }),
  'headers of a class': () => ({ headers: new OwnHeaders() }),
  'headers without a prototype': () => ({
    headers: Object.assign(Object.create(null), { 'x-a': '1' }),
  }),
  'a hidden header': () => ({ headers: Object.defineProperty({}, 'x-a', { value: '1' }) }),
  'a cookie': () => ({ headers: { 'set-cookie': 'a=1' } }),
  'headers that are merged or dropped when sent': () => ({
    headers: { vary: 'a', connection: 'x-hop', 'x-hop': '1', 'content-length': '3' },
  }),
  'white space around a value': () => ({ headers: { 'x-a': ' \t1 ' } }),
  'an empty value': () => ({ headers: { 'x-a': '' } }),
  'a number as value': () => ({ headers: { 'x-a': 1 } }),
  'a value in Latin-1': () => ({ headers: { 'x-a': 'é' } }),
  'another Response as init': () => new Native(null, { status: 203, headers: { 'x-a': '1' } }),
  'a function as init': () => Object.assign(() => {}, { status: 203 }),
  // What is refused.
  'a number as init': () => 5,
  'status 99': () => ({ status: 99 }),
  'status 600': () => ({ status: 600 }),
  'status 204': () => ({ status: 204 }),
  'no number as status': () => ({ status: 'none' }),
  'null as headers': () => ({ headers: null }),
  'a text as headers': () => ({ headers: 'x-a' }),
  'a name with a blank': () => ({ headers: { 'x a': '1' } }),
  'a symbol as name': () => ({ headers: { [Symbol('a')]: '1' } }),
  'a value of two lines': () => ({ headers: { 'x-a': '1\r\nb: 2' } }),
  'a value outside Latin-1': () => ({ headers: { 'x-a': '€' } }),
  'a symbol as value': () => ({ headers: { 'x-a': Symbol('a') } }),
}

const bodies: Readonly<Record<string, () => unknown>> = {
  ...Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [`a text, ${name}`, () => text]),
  ),
  null: () => null,
  undefined: () => undefined,
  bytes: () => new Uint8Array([1, 200]),
  'a Blob': () => new Blob(['a'], { type: 'text/x' }),
  'a form': () => new URLSearchParams({ a: '1' }),
  'a stream': () => new Blob(['a']).stream(),
  'a number': () => 5,
  'a String': () => Object('text') as unknown,
  'a symbol': () => Symbol('a'),
}

const values: Readonly<Record<string, () => unknown>> = {
  'an object': () => ({ a: ['ä', null] }),
  null: () => null,
  'what has a toJSON of its own': () => new Date(0),
  undefined: () => undefined,
  'a function': () => () => {},
  'a bigint': () => 1n,
}

/** All that can be seen of what a class makes, or of its refusal. */
async function see(make: () => Response): Promise<unknown> {
  let response: Response
  try {
    response = make()
  } catch (error) {
    return [(error as Error).name, (error as Error).message]
  }
  const { status, statusText, ok, type, url, redirected } = response
  const copy = response.clone()
  const again = response.clone()
  const seen = {
    members: { status, statusText, ok, type, url, redirected },
    headers: [...response.headers],
    inspected: inspect(response).replace(/boundary=\S+/g, ''),
    hasBody: response.body !== null,
    isLocked: response.body?.locked,
    unused: response.bodyUsed,
    bytes: Buffer.from(await copy.arrayBuffer()).toString('hex'),
    blobType: (await again.blob()).type,
    text: await response.text(),
    used: response.bodyUsed,
    second: await response.text().catch((error: Error) => error.message),
  }
  return seen
}

const same = (make: (Class: ResponseClass) => Response) =>
  Promise.all([see(() => make(Response)), see(() => make(Native))])

describe('the global Response, replaced', () => {
  it.each(Object.keys(inits))('is as the platform’s with %s', async (name) => {
    const init = inits[name] as () => ResponseInit
    for (const text of ['text', '']) {
      const [own, native] = await same((Class) => new Class(text, init()))
      expect(own).toEqual(native)
    }
    const [own, native] = await same((Class) => Class.json({ a: 'ä' }, init()))
    // Of two refusals, the messages about symbols differ.
    const isRefusal = Array.isArray(native) && name.includes('symbol')
    expect(isRefusal ? (own as unknown[])[0] : own).toEqual(isRefusal ? native[0] : native)
  })

  it.each(Object.keys(bodies))('takes %s for a body as the platform’s does', async (name) => {
    const body = bodies[name] as () => string
    for (const init of [undefined, { status: 201, headers: { 'x-a': '1' } }, { status: 204 }]) {
      const [own, native] = await same((Class) => new Class(body(), init))
      expect(own).toEqual(native)
    }
  })

  it.each(Object.keys(values))('makes JSON of %s as the platform’s does', async (name) => {
    const [own, native] = await same((Class) => Class.json(values[name]!()))
    expect(own).toEqual(native)
  })

  it('has the members of the platform’s, attributes included', () => {
    const attributes = (Class: ResponseClass) => {
      const { length, name, prototype, json } = Object.getOwnPropertyDescriptors(Class)
      return [length, name, prototype, { ...json, value: undefined }]
    }
    expect(attributes(Response)).toEqual(attributes(Native))
    expect([Response.json.name, Response.json.length]).toEqual(['json', Native.json.length])
    expect([Response.error().type, Response.redirect('http://a/').status]).toEqual(['error', 302])
    expect(Object.prototype.toString.call(new Response('a'))).toBe('[object Response]')
    expect(() => (Response as unknown as () => void)()).toThrow('cannot be invoked without')
    expect(() => (Response.json as unknown as () => void)()).toThrow('1 argument required')
  })

  it('knows each Response as its own: those made before, of `fetch()`, and of both classes', async () => {
    const fetched = await fetch('data:,a')
    for (const response of [fetched, new Native('a'), new Response('a'), Response.json(1)]) {
      expect(response).toBeInstanceOf(Response)
      expect(response).toBeInstanceOf(Native)
      expect(response.constructor).toBe(Response)
    }
  })

  it('may be extended', async () => {
    class Page extends Response {
      readonly #title = 'title'
      get title() {
        return `${this.#title} ${this.status}`
      }
    }
    const page = new Page('text', { status: 201 })
    expect(page).toBeInstanceOf(Page)
    expect(page).toBeInstanceOf(Response)
    expect([page.title, await page.text()]).toEqual(['title 201', 'text'])
  })

  it('keeps the headers of its making when their object changes', () => {
    const headers = { 'x-a': '1' }
    const response = new Response('text', { headers })
    headers['x-a'] = '2'
    expect(response.headers.get('x-a')).toBe('1')
  })

  it('shows what tests put in the place of its members, on its prototype and on itself', async () => {
    const spy = jest.spyOn(Response.prototype, 'text').mockResolvedValue('mocked')
    expect(await new Response('text').text()).toBe('mocked')
    spy.mockRestore()
    expect(await new Response('text').text()).toBe('text')
    const names = (response: Response) => {
      const found: string[] = []
      for (const name in response) found.push(name)
      return found.sort()
    }
    expect(names(new Response('text'))).toEqual(names(new Native('text')))
    const api = routeX(() => Object.defineProperty(new Response('text'), 'status', { value: 201 }))
    expect((await api.fetch('/api/x')).status).toBe(201)
  })

  it('is replaced once, whichever copy of the package is first', async () => {
    const first = Response
    expect(first).not.toBe(Native)
    jest.isolateModules(() => {
      jest.requireActual('express-start-api/fast-response')
    })
    expect(Response).toBe(first)
    expect(await new Response('text').clone().text()).toBe('text')
  })
})

describeHosts('with the global Response replaced', (host) => {
  it.each(['GET', 'HEAD'])('%s is answered with the same bytes', async (method) => {
    let Class: ResponseClass = Native
    let index = 0
    const made = [
      () => new Class('text'),
      () => new Class('', { status: 201 }),
      () => new Class('ä€', { headers: { 'Content-Type': 'text/html', 'X-A': 'a; b="c"' } }),
      () =>
        new Class('text', { headers: { vary: 'a', 'set-cookie': 'a=1', 'content-length': '9' } }),
      () => new Class('text', { status: 299, statusText: 'Own' }),
      () => Class.json({ a: 'ä' }, { status: 404, headers: { etag: '"a"' } }),
      () => Class.json({ a: 1 }, { headers: { connection: 'x-b', 'x-b': '1' } }),
    ]
    const before = (_req: unknown, res: ServerResponse, next: () => void) => {
      res.setHeader('vary', 'b')
      res.setHeader('set-cookie', 'b=1')
      res.setHeader('x-a', 'before')
      res.statusCode = 418
      next()
    }
    const { port } = await serve(host, [before, routeX(() => made[index]!())])
    const ask = async (of: ResponseClass) => {
      Class = of
      const answer = await rawRequest(port, rawHead(`${method} /api/x HTTP/1.1`))
      const lines = answer.lines.filter((line) => !line.startsWith('Date:'))
      return [answer.statusLine, lines.map((line) => line.toLowerCase()).sort(), answer.body]
    }
    for (index = 0; index < made.length; index++) {
      expect(await ask(Response)).toEqual(await ask(Native))
    }
  })

  it('refuses one that was sent before, as any other', async () => {
    const kept = new Response('text')
    const { url, errors } = await serve(host, [routeX(() => kept)])
    expect(await (await fetch(`${url}/api/x`)).text()).toBe('text')
    expect((await fetch(`${url}/api/x`)).status).toBe(500)
    expect(errors).toMatchObject([{ code: 'ERR_START_API_BAD_RESPONSE' }])
  })
})
