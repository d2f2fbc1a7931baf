import { HeadContent, Outlet, Scripts, createRootRoute } from '@tanstack/react-router'
import { mark } from '../middleware'

export const Route = createRootRoute({
  server: { middleware: [mark('root')] },
  notFoundComponent: () => <p>Not found</p>,
  component: () => (
    <html lang="en">
      <head>
        <HeadContent />
      </head>
      <body>
        <Outlet />
        <Scripts />
      </body>
    </html>
  ),
})
