// Many requests at once: what helpers say in one is never seen in another.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import express from 'express'
import { startApi } from 'express-start-api'
import * as helpers from 'express-start-api/server'
import { type Layer, describeHosts, expressHosts, serve } from './support/hosts'
import { apiRoutes } from './support/routes'

const COUNT = 200
const numbers = Array.from({ length: COUNT }, (_, index) => index)

/** Lets others run, for a different while each time. */
async function pause(number: number, step: number): Promise<void> {
  const kind = (number + step) % 4
  if (kind === 0) await Promise.resolve()
  else if (kind === 1) await turn()
  else if (kind === 2) await wait((number * 7 + step) % 5)
  else await new Promise<void>((resolve) => process.nextTick(resolve))
}

describeHosts('200 requests at once', (host) => {
  it('keep their status, headers, cookies, context, body and session apart', async () => {
    const config = { password: 'a password of more than thirty-two characters' }
    const POST = async () => {
      const number = Number(helpers.getQuery<{ n: string }>().n)
      await pause(number, 0)
      helpers.setContext('number', number)
      helpers.setResponseStatus(200 + (number % 3))
      helpers.setHeader('x-first', String(number))
      await pause(number, 1)
      helpers.appendHeader('x-list', `a${number}`)
      helpers.setCookie(`c${number}`, String(number))
      const body = await helpers.readBody<{ n: number }>()
      await pause(number, 2)
      helpers.appendHeader('x-list', `b${number}`)
      const session = await helpers.useSession<{ n: number }>(config)
      await pause(number, 3)
      await session.update({ n: number })
      await pause(number, 4)
      const seen = [
        helpers.getContext('number'),
        helpers.getHeader('x-number'),
        helpers.getCookie('sent'),
        body.n,
        session.data.n,
        helpers.getResponseStatus(),
        helpers.getResponseHeader('x-first'),
        helpers.getRequestURL().search,
        helpers.getEvent().context['number'],
      ]
      if (number % 5 === 0) throw Response.json(seen)
      return Response.json(seen)
    }
    const { url } = await serve(host, [startApi(apiRoutes({ 'api/x.ts': { POST } }))])
    await Promise.all(
      numbers.map(async (number) => {
        const answer = await fetch(`${url}/api/x?n=${number}`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'x-number': String(number),
            cookie: `sent=${number}`,
          },
          body: JSON.stringify({ n: number }),
        })
        const status = 200 + (number % 3)
        expect(answer.status).toBe(status)
        expect(answer.headers.get('x-first')).toBe(String(number))
        expect(answer.headers.get('x-list')).toBe(`a${number}, b${number}`)
        const cookies = answer.headers.getSetCookie()
        expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual([`c${number}`, 'start'])
        const text = String(number)
        const all = [number, text, text, number, number, status, text, `?n=${text}`, number]
        expect(await answer.json()).toEqual(all)
      }),
    )
  })

  it('find their own event in timers and in the pull of a stream (hazard 233)', async () => {
    const GET = () => {
      const number = Number(helpers.getHeader('x-number'))
      let step = 0
      const body = new ReadableStream({
        async pull(controller) {
          await pause(number, step)
          controller.enqueue(`${helpers.getHeader('x-number')} `)
          if (++step === 5) controller.close()
        },
      })
      return new Response(body.pipeThrough(new TextEncoderStream()))
    }
    const { url } = await serve(host, [startApi(apiRoutes({ 'api/x.ts': { GET } }))])
    const texts = await Promise.all(
      numbers.map(async (number) => {
        const answer = await fetch(`${url}/api/x`, { headers: { 'x-number': String(number) } })
        return answer.text()
      }),
    )
    expect(texts).toEqual(numbers.map((number) => `${number} `.repeat(5)))
  })

  it('see nothing of the request before on the same Response (hazard 151)', async () => {
    const shared = new Response(null, { status: 204 })
    let count = 0
    const GET = () => {
      if (count++ === 0) {
        helpers.setHeader('x-one', '1')
        helpers.setCookie('a', '1')
        helpers.setResponseStatus(202)
      }
      return shared
    }
    const { url } = await serve(host, [startApi(apiRoutes({ 'api/x.ts': { GET } }))])
    const first = await fetch(`${url}/api/x`)
    expect([first.status, first.headers.get('x-one')]).toEqual([202, '1'])
    const second = await fetch(`${url}/api/x`)
    expect([second.status, second.headers.get('x-one')]).toEqual([204, null])
    expect(second.headers.getSetCookie()).toEqual([])
  })
})

describeHosts(
  "the application's own storage",
  (host) => {
    it('survives beside helpers, behind a body parser (hazard 233)', async () => {
      const storage = new AsyncLocalStorage<number>()
      const enter: Layer = (req, _res, next) =>
        storage.run(Number(req.headers['x-number']), () => next())
      const POST = async () => {
        const number = storage.getStore()!
        await pause(number, 1)
        await helpers.readBody()
        return Response.json([storage.getStore(), Number(helpers.getHeader('x-number'))])
      }
      const api = startApi(apiRoutes({ 'api/x.ts': { POST } }))
      const { url } = await serve(host, [express.json(), enter, api])
      await Promise.all(
        numbers.map(async (number) => {
          const headers = { 'content-type': 'application/json', 'x-number': String(number) }
          const answer = await fetch(`${url}/api/x`, { method: 'POST', headers, body: '[1]' })
          expect(await answer.json()).toEqual([number, number])
        }),
      )
    })
  },
  expressHosts,
)

it('keeps requests through api.fetch() apart', async () => {
  const GET = async () => {
    const number = Number(helpers.getHeader('x-number'))
    helpers.setHeader('x-one', String(number))
    await pause(number, 1)
    return new Response(helpers.getHeader('x-number'))
  }
  const api = startApi(apiRoutes({ 'api/x.ts': { GET } }))
  await Promise.all(
    numbers.map(async (number) => {
      const answer = await api.fetch('/api/x', { headers: { 'x-number': String(number) } })
      expect([answer.headers.get('x-one'), await answer.text()]).toEqual([`${number}`, `${number}`])
    }),
  )
})
