-- Sees every head that an application answers with, after nginx's own header rules and before it leaves for the client.
-- Included where a request is sent on to a preview (preview.conf.ejs).

require 'own_host'()
