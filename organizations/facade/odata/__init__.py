"""OData 4.0 as far as Dataverse speaks it: paths, query options, filters. Pure: neither Django nor a database."""
