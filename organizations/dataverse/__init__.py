"""A Dynamics 365 organization somewhere else, behind the same port: the Dataverse Web API over HTTP."""
