"""What the Web API says about its tables: EntityDefinitions with their labels, and `$metadata`."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F

from organizations.adapters.embedded import languages
from organizations.facade.definitions import READ_ONLY, Column, Entity, Type, entities
from organizations.facade.odata.evaluation import Row, matches
from organizations.facade.odata.faults import Fault, bad_query, no_property, no_segment
from organizations.facade.odata.options import Options
from organizations.facade.odata.paths import Segment
from organizations.facade.tables import TABLES
from organizations.models import Instance, Label

# What people call a component, as the label's column and as the metadata's property.
_LABELS = {
    "LocalizedName": "DisplayName",
    "LocalizedCollectionName": "DisplayCollectionName",
    "Description": "Description",
}
_PARTS = ("Attributes", "ManyToOneRelationships", "Keys")
_CAST = "Microsoft.Dynamics.CRM."
_EDM = {
    Type.INTEGER: "Edm.Int32",
    Type.PICKLIST: "Edm.Int32",
    Type.STATE: "Edm.Int32",
    Type.STATUS: "Edm.Int32",
    Type.BIG_INTEGER: "Edm.Int64",
    Type.DECIMAL: "Edm.Decimal",
    Type.BOOLEAN: "Edm.Boolean",
    Type.DATE_TIME: "Edm.DateTimeOffset",
    Type.LOOKUP: "Edm.Guid",
    Type.ID: "Edm.Guid",
}


def definitions(
    instance: Instance, segments: Sequence[Segment], options: Options, root: str
) -> dict[str, Any]:
    """The answer to `EntityDefinitions…`. Raises Fault."""
    first, rest = segments[0], segments[1:]
    if not first.called:
        if rest:
            raise no_segment(rest[0].name)
        return _many(instance, options, root)
    entity = _entity(first)
    if not rest:
        return {**_one(_row(instance, entity, options), options), **_expanded(entity, options)}
    return _part(entity, rest, options, root)


def _many(instance: Instance, options: Options, root: str) -> dict[str, Any]:
    labels = _labels(instance, entities(), options)
    rows = [_described(entity, labels[entity.name]) for entity in entities().values()]
    return {
        "@odata.context": f"{root}/$metadata#EntityDefinitions",
        "value": [
            {**_one(row, options), **_expanded(entities()[row["LogicalName"]], options)}
            for row in _filtered(rows, options)
        ],
    }


def _entity(segment: Segment) -> Entity:
    name = (segment.arguments or {}).get("LogicalName")
    for entity in entities().values():
        if entity.name == name or (segment.guid is not None and entity.metadata_id == segment.guid):
            return entity
    raise Fault(404, "0x80060888", f"Could not find an entity with name '{str(name or segment.key)[:100]}'.")


def _part(entity: Entity, segments: Sequence[Segment], options: Options, root: str) -> dict[str, Any]:
    part = segments[0]
    if part.name not in _PARTS:
        raise no_segment(part.name)
    rows = _rows_of(entity, part.name)
    if part.called:
        name = (part.arguments or {}).get("LogicalName")
        found = [row for row in rows if name == row["LogicalName"] or str(part.key) == row["MetadataId"]]
        if not found or len(segments) > 2:
            raise Fault(404, "0x80060888", f"Could not find an attribute with name '{str(name)[:100]}'.")
        return _one(found[0], options)
    if len(segments) == 2 and segments[1].name.startswith(_CAST):
        wanted = segments[1].name.removeprefix(_CAST).removesuffix("AttributeMetadata")
        rows = [row for row in rows if row["AttributeType"] == wanted]
        options = Options(select=options.select, filter=options.filter)
        # Choices are numbers here, without words of their own.
        rows = [{**row, "OptionSet": {"Options": []}} for row in rows] if wanted == "Picklist" else rows
    return {
        "@odata.context": f"{root}/$metadata#EntityDefinitions({entity.metadata_id})/{part.name}",
        "value": [_one(row, options) for row in _filtered(rows, options)],
    }


def _rows_of(entity: Entity, part: str) -> list[Row]:
    match part:
        case "Attributes":
            return [_attribute(entity, column) for column in entity.columns.values()]
        case "ManyToOneRelationships":
            return [row for column in entity.columns.values() for row in _relationships(entity, column)]
        case _:
            return [
                {"LogicalName": f"{entity.name}_{'_'.join(key)}", "KeyAttributes": list(key)}
                for key in entity.keys
            ]


def _attribute(entity: Entity, column: Column) -> Row:
    return {
        "@odata.type": f"#{_CAST}{column.type}AttributeMetadata",
        "MetadataId": str(entity.column_id(column.name)),
        "LogicalName": column.name,
        "SchemaName": column.name,
        "EntityLogicalName": entity.name,
        "AttributeType": column.type.value,
        "AttributeTypeName": {"Value": f"{column.type}Type"},
        "IsPrimaryId": column.name == entity.primary_id,
        "IsPrimaryName": column.name == entity.primary_name,
        "IsValidForCreate": column.name not in READ_ONLY,
        "IsValidForUpdate": column.name not in READ_ONLY and column.name != entity.primary_id,
        "IsValidForRead": True,
        "Targets": list(column.targets),
    }


def _relationships(entity: Entity, column: Column) -> Iterable[Row]:
    for navigation, target in column.navigations().items():
        yield {
            "SchemaName": f"{target}_{entity.name}_{column.name}",
            "ReferencingEntity": entity.name,
            "ReferencingAttribute": column.name,
            "ReferencedEntity": target,
            "ReferencedAttribute": f"{target}id",
            "ReferencingEntityNavigationPropertyName": navigation,
        }


def _row(instance: Instance, entity: Entity, options: Options) -> Row:
    return _described(entity, _labels(instance, [entity.name], options)[entity.name])


def _described(entity: Entity, labels: Mapping[str, Mapping[int, str]]) -> Row:
    return {
        "MetadataId": str(entity.metadata_id),
        "LogicalName": entity.name,
        "SchemaName": entity.name,
        "EntitySetName": entity.set_name,
        "LogicalCollectionName": entity.set_name,
        "PrimaryIdAttribute": entity.primary_id,
        "PrimaryNameAttribute": entity.primary_name,
        "IsCustomEntity": "_" in entity.name,
        "IsPrivate": False,
        **{property: _label(labels.get(column, {})) for column, property in _LABELS.items()},
    }


def _labels(
    instance: Instance, names: Iterable[str], options: Options
) -> Mapping[str, Mapping[str, Mapping[int, str]]]:
    """Texts by component, column and language: of each the top layer's, in the languages that are enabled."""
    found: dict[str, dict[str, dict[int, str]]] = defaultdict(lambda: defaultdict(dict))
    if options.select is not None and not set(options.select) & set(_LABELS.values()):
        return found
    rows = Label.objects.filter(
        instance=instance,
        component__in=list(names),
        column__in=_LABELS,
        lcid__in=languages.enabled(instance.id, instance.base_language),
    ).order_by(F("solution__layer").asc(nulls_last=True))
    for component, column, lcid, text in rows.values_list("component", "column", "lcid", "text"):
        found[component][column][lcid] = text
    return found


def _label(texts: Mapping[int, str]) -> dict[str, Any]:
    localized = [{"Label": text, "LanguageCode": lcid} for lcid, text in sorted(texts.items())]
    return {"LocalizedLabels": localized, "UserLocalizedLabel": localized[0] if localized else None}


def _expanded(entity: Entity, options: Options) -> dict[str, Any]:
    expanded = {}
    for wanted in options.expand:
        if wanted.name not in _PARTS:
            raise no_property(wanted.name, "EntityMetadata")
        rows = _filtered(_rows_of(entity, wanted.name), wanted.options)
        expanded[wanted.name] = [_one(row, wanted.options) for row in rows]
    return expanded


def _filtered(rows: Sequence[Row], options: Options) -> Sequence[Row]:
    if options.order or options.count or options.skip_token:
        raise bad_query("Metadata is neither ordered nor counted nor paged.")
    found = (
        rows if options.filter is None else [row for row in rows if matches(options.filter, row, _nothing)]
    )
    return found if options.top is None else found[: options.top]


def _nothing(row: Row, name: str) -> Sequence[Row]:
    raise no_property(name, "MetadataBase")


def _one(row: Row, options: Options) -> dict[str, Any]:
    if options.select is None:
        return dict(row)
    for name in options.select:
        if name not in row:
            raise no_property(name, "MetadataBase")
    kept = {name: row[name] for name in options.select}
    return {**{name: row[name] for name in ("@odata.type", "MetadataId") if name in row}, **kept}


def document() -> str:
    """`$metadata`: the service as CSDL, which generic OData tools read first."""
    root = ET.Element(
        "edmx:Edmx", {"Version": "4.0", "xmlns:edmx": "http://docs.oasis-open.org/odata/ns/edmx"}
    )
    services = ET.SubElement(root, "edmx:DataServices")
    schema = ET.SubElement(
        services,
        "Schema",
        {
            "Namespace": "Microsoft.Dynamics.CRM",
            "Alias": "mscrm",
            "xmlns": "http://docs.oasis-open.org/odata/ns/edm",
        },
    )
    for entity in entities().values():
        _entity_type(schema, entity)
    container = ET.SubElement(schema, "EntityContainer", {"Name": "System"})
    for entity in entities().values():
        ET.SubElement(
            container, "EntitySet", {"Name": entity.set_name, "EntityType": f"{_CAST}{entity.name}"}
        )
    for table in TABLES.values():
        type = ET.SubElement(schema, "EntityType", {"Name": table.entity, "OpenType": "true"})
        _key(type, table.primary_id)
        ET.SubElement(type, "Property", {"Name": table.primary_id, "Type": "Edm.Guid"})
        ET.SubElement(
            container, "EntitySet", {"Name": table.set_name, "EntityType": f"{_CAST}{table.entity}"}
        )
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode")


def _entity_type(schema: ET.Element, entity: Entity) -> None:
    type = ET.SubElement(schema, "EntityType", {"Name": entity.name})
    _key(type, entity.primary_id)
    for column in entity.columns.values():
        ET.SubElement(type, "Property", {"Name": column.wire, "Type": _EDM.get(column.type, "Edm.String")})
    for navigation, (_, target) in entity.navigations().items():
        ET.SubElement(type, "NavigationProperty", {"Name": navigation, "Type": f"{_CAST}{target}"})
    for collection, (other, _) in entity.collections().items():
        ET.SubElement(
            type, "NavigationProperty", {"Name": collection, "Type": f"Collection({_CAST}{other.name})"}
        )


def _key(type: ET.Element, name: str) -> None:
    ET.SubElement(ET.SubElement(type, "Key"), "PropertyRef", {"Name": name})
