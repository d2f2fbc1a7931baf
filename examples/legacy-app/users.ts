// The data of the legacy application: Express handlers and route files share it.

export interface User {
  id: string
  name: string
}

const users: User[] = [
  { id: '1', name: 'Ada' },
  { id: '2', name: 'Grace' },
]

export function listUsers(): readonly User[] {
  return users
}

export function findUser(id: string): User | undefined {
  return users.find((user) => user.id === id)
}

export function addUser(name: string): User {
  const user = { id: String(users.length + 1), name }
  users.push(user)
  return user
}
