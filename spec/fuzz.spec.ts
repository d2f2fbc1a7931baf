// A small slice of `npm run fuzz`, the same in every run: requests that fast-check makes up.
import { fuzz } from '../trials/fuzz'
import { recordProcessErrors } from './support/process-errors'

it('answers or hands on each of 2000 made-up requests once, past no guard, with what was sent', async () => {
  // Failures after the beginning of an answer are logged, as they should be.
  const log = jest.spyOn(console, 'error').mockImplementation(() => {})
  const errors = await recordProcessErrors(async () => {
    const { requests, applications } = await fuzz({
      requests: 2000,
      seed: 20_261_125,
      shrink: false,
    })
    expect(requests).toBeGreaterThan(1500)
    expect(applications).toBe(6)
  })
  log.mockRestore()
  expect(errors).toEqual([])
}, 120_000)
