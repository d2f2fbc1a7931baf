// An error whose message the client may see.

/** @returns {Error & { status: number }} */
exports.httpError = (status, message) => Object.assign(new Error(message), { status })
