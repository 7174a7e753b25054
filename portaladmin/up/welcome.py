"""What is said when everything is ready: where, and as whom."""

from collections.abc import Mapping

# One person per role; they are made with the demo organization.
PEOPLE = {
    "global.admin": "Global Administrator, System Administrator of Contoso",
    "service.admin": "Dynamics 365 Service Administrator (support staff)",
    "system.admin": "System Administrator",
    "second.admin": "System Administrator, owns nothing",
    "customizer": "System Customizer",
    "csr": "Customer service representative",
    "employee": "Employee without an administrative role",
    "customer": "Customer, signs in on portals",
    "nobody": "No role at all",
}
DOMAIN = "contoso.example"


def address(environ: Mapping[str, str], port: int) -> str:
    """The admin center's address, with a slash at its end."""
    return (environ.get("ADMIN_URL") or f"http://localhost:{port}").rstrip("/") + "/"


def lines(environ: Mapping[str, str], port: int) -> list[str]:
    """The lines. `environ` is what the processes were given, so it holds the password."""
    portals = environ.get("PORTAL_BASE_DOMAIN") or "portals.localhost"
    names = {f"{name}@{DOMAIN}": role for name, role in PEOPLE.items()}
    width = max(len(name) for name in names)
    return [
        "",
        f"Portal Admin Center is ready:  {address(environ, port)}",
        f"Portals are served at          http://<name>.{portals}:{port}/",
        f"Custom domains, and portals   https://<host>:{environ.get('HTTPS_PORT') or 8443}/ "
        "(portals with a self-made certificate, of which browsers warn)",
        f"Sign in as one of these people, password: {environ['DEMO_PASSWORD']}",
        *(f"  {name:<{width}}  {role}" for name, role in names.items()),
        "Ctrl-C stops everything.",
    ]
