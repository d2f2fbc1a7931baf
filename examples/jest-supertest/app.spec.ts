// Route files under jest, through supertest and without a socket:
// `npx jest --config examples/jest-supertest/jest.config.js`
import request from 'supertest'
import { api, app } from './app'

// Nothing to wait for: a request that comes while the routes load is answered once they have.
it('greets through Express', async () => {
  const response = await request(app).get('/api/greet/Ada').expect(200)
  expect(response.body).toEqual({ greeting: 'Hello, Ada!' })
})

it('greets without a socket', async () => {
  const response = await api.fetch('/api/greet/Ada')
  expect(await response.json()).toEqual({ greeting: 'Hello, Ada!' })
})
