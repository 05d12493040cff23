"""Options of a component that Pulumi does not hand on to what is in it."""

import pulumi


def for_children_too(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions | None:
    """`opts`, so that what is in the component waits for `depends_on` as well. Parents, providers and protection are
    inherited by Pulumi itself."""
    if opts is None or opts.depends_on is None or opts.depends_on == []:
        return opts
    waits = pulumi.ResourceOptions(depends_on=opts.depends_on)

    def wait(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if isinstance(args.resource, pulumi.ComponentResource):
            return None
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, waits))

    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[wait]))
