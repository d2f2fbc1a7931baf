import { json } from 'express-start-api'
import { describeHosts, serve } from './support/hosts'
import { routeX } from './support/handlers'

describe('json()', () => {
  it.each([
    ['an object', { a: [1, null] }, '{"a":[1,null]}'],
    ['null', null, 'null'],
    ['a text', 'ä', '"ä"'],
    ['zero', 0, '0'],
    ['undefined', undefined, ''],
  ])('carries %s', async (_kind, value, text) => {
    const response = json(value)
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.statusText]).toEqual([200, ''])
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.text()).toBe(text)
  })

  it.each([
    ['an object', { 'Content-Type': 'application/problem+json', 'x-a': '1' }],
    ['pairs', [['content-type', 'application/problem+json'] as const, ['x-a', '1'] as const]],
    ['Headers', new Headers({ 'content-type': 'application/problem+json', 'x-a': '1' })],
  ])('takes headers as %s, a content type of its own among them', (_kind, headers) => {
    const response = json({}, { headers: headers as never })
    expect([...response.headers]).toEqual([
      ['content-type', 'application/problem+json'],
      ['x-a', '1'],
    ])
  })

  it('takes status and status text, with or without headers', () => {
    for (const init of [{}, { headers: { a: '1' } }]) {
      const response = json({}, { status: 201, statusText: 'Made', ...init })
      expect([response.status, response.statusText]).toEqual([201, 'Made'])
    }
  })

  it('takes another Response as `init`', () => {
    const response = json({}, new Response(null, { status: 202, headers: { 'x-a': '1' } }))
    expect([response.status, response.headers.get('x-a')]).toEqual([202, '1'])
  })

  it('leaves the headers that it is given alone', () => {
    const headers = new Headers({ 'x-a': '1' })
    json({}, { headers })
    expect([...headers]).toEqual([['x-a', '1']])
  })

  it('refuses what has no JSON, and statuses that no Response has', () => {
    expect(() => json(1n)).toThrow(TypeError)
    expect(() => json({}, { status: 600 })).toThrow('must be in the range of 200 to 599')
    expect(() => json({}, { status: 204 })).toThrow('204')
  })

  it('has no body with 204, given `undefined`', async () => {
    const response = json(undefined, { status: 204 })
    expect([response.status, await response.text()]).toEqual([204, ''])
  })
})

describeHosts('json() as an answer', (host) => {
  it('sends each of several cookies, status and status text', async () => {
    const headers: [string, string][] = [
      ['set-cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2'],
    ]
    const init = { status: 201, statusText: 'Made', headers }
    const { url } = await serve(host, [routeX(() => json({ a: 1 }, init))])
    const response = await fetch(`${url}/api/x`)
    expect([response.status, response.statusText]).toEqual([201, 'Made'])
    expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2'])
    expect(await response.json()).toEqual({ a: 1 })
  })

  it('may be thrown', async () => {
    const { url } = await serve(host, [
      routeX(() => {
        throw json({ error: 'taken' }, { status: 409 })
      }),
    ])
    const response = await fetch(`${url}/api/x`)
    expect([response.status, await response.json()]).toEqual([409, { error: 'taken' }])
  })
})
