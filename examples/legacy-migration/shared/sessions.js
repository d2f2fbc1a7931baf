// passport's and express-session's callbacks as promises.
const { promisify } = require('node:util')

/**
 * @param {import('express').Request} req
 * @param {Express.User} user
 * @returns {Promise<void>}
 */
exports.beginSession = (req, user) => promisify(req.login.bind(req))(user)

/**
 * @param {import('express').Request} req
 * @returns {Promise<void>}
 */
exports.endSession = (req) => promisify(req.session.destroy.bind(req.session))()
