import { type StartApiOptions, startApi } from 'express-start-api'
import { readOptions } from '../lib/options'
import { routeTexts, routesDirectory } from './support/routes-directory'

describe('options of startApi()', () => {
  it('are all optional', () => {
    expect(readOptions({})).toEqual({
      base: '/api',
      fallthrough: true,
      handler: undefined,
      middleware: [],
      start: undefined,
      context: undefined,
      ignore: [],
      caseSensitive: undefined,
      caseRule: 'insensitive',
      maxBodySize: Infinity,
      plugins: [],
      dev: false,
    })
  })

  it('may be undefined, each of them', () => {
    const undefinedOnes: { [Name in keyof Required<StartApiOptions>]: undefined } = {
      apiBaseURL: undefined,
      fallthrough: undefined,
      handler: undefined,
      middleware: undefined,
      start: undefined,
      context: undefined,
      ignore: undefined,
      caseSensitive: undefined,
      maxBodySize: undefined,
      timeout: undefined,
      plugins: undefined,
      load: undefined,
      dev: undefined,
    }
    expect(readOptions(undefinedOnes as StartApiOptions)).toEqual(readOptions({}))
  })

  it.each([
    [{ apiBaseURL: 1 }, 'option `apiBaseURL` must be a string such as "/api" or "/internal/v1".'],
    [
      { apiBaseURL: null },
      'option `apiBaseURL` must be a string such as "/api" or "/internal/v1".',
    ],
    [
      { apiBaseURL: '/a/$id' },
      'option `apiBaseURL` is "/a/$id", but must be a literal path such as "/api" or "/internal/v1".',
    ],
    [{ fallthrough: 'no' }, 'option `fallthrough` must be a boolean.'],
    [{ fallthrough: null }, 'option `fallthrough` must be a boolean.'],
    [{ caseSensitive: 1 }, 'option `caseSensitive` must be a boolean.'],
    [{ handler: {} }, 'option `handler` must be a function, as createStartAPIHandler() returns.'],
    [{ context: {} }, 'option `context` must be a function of req and res.'],
    [{ load: './load.js' }, 'option `load` must be a function of a file name.'],
    [{ ignore: /x/ }, 'option `ignore` must be a glob or an array of globs.'],
    [{ ignore: ['a', 1] }, 'option `ignore` must be a glob or an array of globs.'],
    [{ ignore: null }, 'option `ignore` must be a glob or an array of globs.'],
    [{ maxBodySize: '1mb' }, 'option `maxBodySize` must be a number of bytes.'],
    [{ maxBodySize: -1 }, 'option `maxBodySize` must be a number of bytes.'],
    [{ maxBodySize: NaN }, 'option `maxBodySize` must be a number of bytes.'],
    [{ maxBodySize: null }, 'option `maxBodySize` must be a number of bytes.'],
    [{ plugins: {} }, 'option `plugins` must be an array of @whatwg-node/server plugins.'],
    [{ plugins: [null] }, 'option `plugins` must be an array of @whatwg-node/server plugins.'],
  ])('are refused by the call itself if of a wrong type: %j', (options, sentence) => {
    expect(() => startApi({}, options as unknown as StartApiOptions)).toThrow(
      new TypeError(`startApi(): ${sentence}`),
    )
  })

  it.each(['apiBaseUrl', 'dir', 'toString', '0'])('are refused if unknown: %s', (name) => {
    expect(() => startApi({}, { [name]: 1 })).toThrow(
      new TypeError(
        `startApi(): there is no option \`${name}\`. Known options: apiBaseURL, fallthrough, handler, middleware, start, context, ignore, caseSensitive, maxBodySize, timeout, plugins, load, dev.`,
      ),
    )
  })

  it.each([null, 1, 'options', () => {}])('are refused if no object: %p', (options) => {
    expect(() => startApi({}, options as unknown as StartApiOptions)).toThrow(
      new TypeError('startApi(): the second argument must be an object of options.'),
    )
  })

  it('are read once: later changes have no effect', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {})
    const options = { ignore: ['api/b.ts'], apiBaseURL: '/api' }
    const api = startApi(routesDirectory(routeTexts('api/a.ts', 'api/b.ts')), options)
    options.apiBaseURL = '/other'
    options.ignore.length = 0
    await api.ready
    expect(api.routes.map(({ path }) => path)).toEqual(['/api/a'])
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })
})

describe('the option `load`', () => {
  it('imports every route file by its absolute path, one after the other', async () => {
    const directory = routesDirectory(routeTexts('api/b.ts', 'api/a.ts', 'page.ts'))
    const asked: string[] = []
    const api = startApi(directory, {
      load: async (file) => {
        asked.push(file)
        await Promise.resolve()
        return { APIRoute: { methods: { GET: () => new Response(file) } } }
      },
    })
    await api.ready
    expect(asked).toEqual(['api/a.ts', 'api/b.ts', 'page.ts'].map((file) => `${directory}/${file}`))
    expect(await (await api.fetch('/api/a')).text()).toBe(`${directory}/api/a.ts`)
  })

  it('fails with the name of the file', async () => {
    const api = startApi(routesDirectory(routeTexts('api/a.ts')), {
      load: () => {
        throw new Error('no such loader')
      },
    })
    await expect(api.ready).rejects.toThrow(
      "A route file can't be used:\n  api/a.ts: no such loader",
    )
  })
})
