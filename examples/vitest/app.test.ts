// Route files under vitest, through supertest and without a socket:
// `npx vitest run --root examples/vitest`
import supertest from 'supertest'
import { expect, test } from 'vitest'
import { api, app } from './app'

test('through Express', async () => {
  const { status, body } = await supertest(app).get('/api/greet/Ada')
  expect([status, body]).toEqual([200, { message: 'Hello, Ada!' }])
})

test('without a socket', async () => {
  const response = await api.fetch('/api/greet/Ada')
  expect(await response.json()).toEqual({ message: 'Hello, Ada!' })
})
