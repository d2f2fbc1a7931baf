// Accounts: passwords are stored as scrypt hashes.
const { randomBytes, scrypt, timingSafeEqual } = require('node:crypto')
const { promisify } = require('node:util')
const { query } = require('./database')
const { httpError } = require('./http-error')

const hash = promisify(scrypt)

/**
 * @typedef {{ id: number, email: string }} User
 *
 * @param {Record<string, unknown>} input
 * @returns {Promise<User>}
 */
exports.signUp = async ({ email, password }) => {
  if (typeof email !== 'string' || !email.includes('@')) throw httpError(422, 'E-mail is missing')
  if (typeof password !== 'string' || password.length < 8) {
    throw httpError(422, 'The password needs 8 characters')
  }
  const salt = randomBytes(16)
  const key = /** @type {Buffer} */ (await hash(password, salt, 32))
  const [user] = await query(
    `insert into users (email, password) values ($1, $2)
     on conflict do nothing returning id, email`,
    [email, `${salt.toString('hex')}:${key.toString('hex')}`],
  )
  if (!user) throw httpError(409, 'This e-mail is taken')
  return user
}

/**
 * The user, or `undefined` if e-mail and password don't belong together.
 *
 * @returns {Promise<User | undefined>}
 */
exports.authenticate = async (email, password) => {
  const [user] = await query('select * from users where email = $1', [String(email)])
  if (!user) return undefined
  const [salt, expected] = user.password.split(':').map((text) => Buffer.from(text, 'hex'))
  const actual = await hash(String(password), salt, 32)
  return timingSafeEqual(actual, expected) ? { id: user.id, email: user.email } : undefined
}

exports.findUser = async (id) => (await query('select id, email from users where id = $1', [id]))[0]
