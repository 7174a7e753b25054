"""The embedded organization's Web API: `/api/data/v9.2/` on the organization's own host, as Dataverse has it.

What a request may ask is in `odata` (pure), what there is to ask for in `definitions` and `tables`, who may in
`privileges` and `callers`; `service` brings them together.
"""
